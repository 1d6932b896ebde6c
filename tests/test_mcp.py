"""Agents that speak the Model Context Protocol have the memory. The official client talks to the
real server, in a process of its own."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from conftest import ROOT, environment

from memory.episode import Place
from memory.store import Store
from memory.trials import Ending, Step

pytest.importorskip("mcp")

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

pytestmark = pytest.mark.slow
TOKEN = "a-token-of-this-test-alone"
SHIP = {"goal": "ship it", "world": "shell", "task": "ship"}
HOSTILE = "\x1b[2Jdrop\u202e table\x00 'steps';-- \u2028 \U0001f600"
COMMAND = ["-m", "clin.cli", "mcp", "--db"]


def over_stdio(db: Path) -> Client:
    return Client(
        StdioServerParameters(command=sys.executable, args=[*COMMAND, str(db)], env=environment())
    )


@contextmanager
def over_http(db: Path) -> Iterator[str]:
    """A server; its address."""
    process = subprocess.Popen(
        [sys.executable, *COMMAND, str(db), "--http", "0"],
        env=environment() | {"CLIN_MCP_TOKEN": TOKEN},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        found = re.search(r"http://\S+", process.stderr.readline())
        assert found, process.stderr.read()
        yield found[0]
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()


def bearing(address: str, token: str = TOKEN) -> Client:
    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"})
    return Client(streamable_http_client(address, http_client=http))


async def told(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    done = await client.call_tool(tool, arguments)
    assert not done.is_error, done.content
    return done.structured_content


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    done = await client.call_tool(tool, arguments)
    assert done.is_error, done.structured_content
    [said] = done.content
    assert len(said.text.splitlines()) == 1 and "Traceback" not in said.text
    return said.text


def test_a_stranger_reads_what_clin_run_makes_of_the_same_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``benchmarks/stranger.py`` with few trials."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    stranger = importlib.import_module("stranger")
    place = Place("causal", "repair", 203)
    run, library, wire = stranger.three_ways(tmp_path, place, trials=4, budget=30).values()
    assert len(wire.links) > 5 and wire.tallies
    assert (wire.links, wire.tallies) == (library.links, library.tallies)
    assert (wire.links, wire.tallies) == (run.links, run.tallies)
    assert stranger.trials_of(tmp_path / "1.db")[-1].steps == run_steps(tmp_path / "run.db")


def run_steps(db: Path) -> tuple[Step, ...]:
    with Store(db, read_only=True) as store:
        return store.trial(store.trials("r1")[-1].id).steps


def test_all_tools_say_what_they_did_and_what_is_wrong(tmp_path: Path) -> None:
    async def session() -> None:
        async with over_stdio(tmp_path / "wire.db") as client:
            await told(client, "begin_episode", **SHIP)
            steps = [{"action": "make"}, {"action": "push", "success": True}]
            assert await told(client, "record_steps", run="r1", steps=steps) == {"recorded": 2}
            ended = await told(client, "end_trial", run="r1")
            assert (ended["ending"], ended["score"]) == ("won", 100)
            link = "make SHOULD BE NECESSARY to complete the task"
            assert link in ended["memory"]
            why = await told(client, "explain_link", run="r1", link=link)
            assert why["says"] == link and why["tally"] == why["stored_tally"]
            seen = [(step["what"], step["action"]) for step in why["steps"]]
            assert seen == [("cause", "make"), ("effect", "push")]
            found = await told(client, "search", words="make")
            assert {hit["kind"] for hit in found["found"]} == {"link", "step"}
            after = await told(client, "correct", run="r1", kind="ban", link=link)
            assert link not in after["memory"]
            await told(client, "begin_trial", run="r1")
            said = await told(client, "recall", run="r1", actions=["make", "push"])
            assert [line["action"] for line in said["recalled"]] == ["push"]
            await wrong(client)

    async def wrong(client: Client) -> None:
        assert "did you mean 'recall'?" in await refused(client, "recal", run="r1")
        assert "no argument 'rn'" in await refused(client, "recall", rn="r1")
        assert await refused(client, "recall") == "run: field required"
        assert "no run" in await refused(client, "recall", run="r9")
        assert "trial 1 of r1 is open" in await refused(client, "begin_trial", run="r1")
        assert "kinds: add" in await refused(client, "correct", run="r1", kind="bann", link="x")
        assert "a link reads" in await refused(client, "explain_link", run="r1", link="x")
        steps = [{"action": "make"}, {"action": "make", "score": 1000}]
        said = await refused(client, "record_steps", run="r1", steps=steps)
        assert said.startswith("steps.1: a score") and said.endswith("1 were recorded")

    anyio.run(session)


def test_two_clients_at_once_write_one_file(tmp_path: Path) -> None:
    db = tmp_path / "wire.db"

    async def agent(client: Client, name: str) -> None:
        run = (await told(client, "begin_episode", **{**SHIP, "task": name}))["run"]
        for number in range(10):
            step = {"action": f"{name} {number}", "score": number}
            await told(client, "record_steps", run=run, steps=[step])
        await told(client, "end_trial", run=run)

    async def both() -> None:
        async with over_stdio(db) as one, over_stdio(db) as two, anyio.create_task_group() as group:
            group.start_soon(agent, one, "one")
            group.start_soon(agent, two, "two")

    anyio.run(both)
    with Store(db, read_only=True) as store:
        assert store.check() == []
        for run in store.runs():
            [trial] = store.trials(run.name)
            actions = [step.action for step in store.steps(trial.id)]
            assert actions == [f"{run.config['task']} {number}" for number in range(10)]
        assert len(store.runs()) == 2


def test_a_client_that_leaves_in_mid_trial_loses_no_step(tmp_path: Path) -> None:
    db = tmp_path / "wire.db"

    async def leaves() -> None:
        async with over_stdio(db) as client:
            await told(client, "begin_episode", **SHIP)
            await told(client, "record_steps", run="r1", steps=[{"action": "make", "score": 50}])

    async def goes_on() -> dict[str, Any]:
        async with over_stdio(db) as client:
            return await told(client, "begin_trial", run="r1")

    anyio.run(leaves)
    begun = anyio.run(goes_on)
    assert begun["trial"] == 1 and begun["memory"] == ["make SHOULD BE NECESSARY to make progress"]
    with Store(db, read_only=True) as store:
        assert store.trials("r1")[0].ending is Ending.STOPPED and store.check() == []


def test_a_server_that_is_killed_leaves_a_trial_that_the_next_one_ends(tmp_path: Path) -> None:
    db = tmp_path / "wire.db"

    async def killed() -> None:
        with over_http(db) as address:
            async with bearing(address) as client:
                await told(client, "begin_episode", **SHIP)
                step = {"action": "make", "score": 50}
                await told(client, "record_steps", run="r1", steps=[step])
                with Store(db, read_only=True) as store:
                    os.kill(driver(store), 9)

    with pytest.raises(BaseException):  # noqa: B017, PT011  # a connection that broke, in a group
        anyio.run(killed)

    async def goes_on() -> dict[str, Any]:
        async with over_stdio(db) as client:
            return await told(client, "begin_trial", run="r1")

    assert anyio.run(goes_on)["memory"] == ["make SHOULD BE NECESSARY to make progress"]


def driver(store: Store) -> int:
    """The process that drives the only run."""
    from memory.store.overview import orphans

    assert orphans(store) == []
    return int(store.connection.value("select pid from runs"))


def test_hostile_strings_come_back_as_text(tmp_path: Path) -> None:
    async def session() -> None:
        async with over_stdio(tmp_path / "wire.db") as client:
            await told(client, "begin_episode", goal=HOSTILE, world=HOSTILE, task=HOSTILE)
            steps = [{"action": HOSTILE, "observation": HOSTILE, "score": 100}]
            await told(client, "record_steps", run="r1", steps=steps)
            await told(client, "end_trial", run="r1")
            assert len((await told(client, "search", words="table"))["found"]) >= 2
            for said in (
                await refused(client, HOSTILE),
                await refused(client, "recall", run=HOSTILE),
                await refused(client, "correct", run="r1", kind=HOSTILE, link="x"),
                await refused(client, "search", words="drop", **{HOSTILE: 1}),
            ):
                assert not re.search(r"[\x00-\x1f\u202e\u2028]", said)

    anyio.run(session)
    with Store(tmp_path / "wire.db", read_only=True) as store:
        assert store.check() == []


def test_over_http_only_who_has_the_token_comes_in(tmp_path: Path) -> None:
    async def session(address: str) -> None:
        async with bearing(address) as one, bearing(address) as two:
            await told(one, "begin_episode", **SHIP)
            await told(two, "begin_episode", **SHIP)
            await told(one, "record_steps", run="r1", steps=[{"action": "make", "score": 100}])
            assert (await told(two, "end_trial", run="r1"))["ending"] == "won"
        async with httpx2.AsyncClient() as http:
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic x"}):
                said = await http.post(address, headers=headers, json={})
                assert said.status_code == 401
            elsewhere = {"Authorization": f"Bearer {TOKEN}", "Host": "evil.example"}
            assert (await http.post(address, headers=elsewhere, json={})).status_code == 421

    with over_http(tmp_path / "wire.db") as address:
        assert address.startswith("http://127.0.0.1:")
        anyio.run(session, address)


@pytest.mark.parametrize("token", ["", "short", "a token with blanks in it"])
def test_a_server_without_a_token_refuses(tmp_path: Path, token: str) -> None:
    done = subprocess.run(
        [sys.executable, *COMMAND, str(tmp_path / "wire.db"), "--http", "0"],
        env=environment() | {"CLIN_MCP_TOKEN": token},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "CLIN_MCP_TOKEN" in done.stderr
    assert not (tmp_path / "wire.db").exists() and (not token or token not in done.stderr)
