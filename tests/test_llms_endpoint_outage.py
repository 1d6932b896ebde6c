"""A server that goes away: lanes wait for it, the user is told, Ctrl-C ends it, and nothing is
lost. A request that hangs holds up neither close() nor the end of the process."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time

import pytest
from conftest import Clin, command, environment
from served import CHOICES, SECRET, Served, ask, failure, reply, serving

from clin.errors import ModelError
from clin.llms import Question
from clin.llms.open import open_model
from memory.store import Store

QUESTION = Question(("x",), CHOICES)


def test_lanes_wait_for_a_server_that_is_gone_and_the_user_is_told_once(
    monkeypatch, served: Served
) -> None:
    """Its port is closed, and opened again: three lanes go on, and two lines say so."""
    monkeypatch.setattr("clin.llms.server.RETRIES", 0)
    told: list[str] = []
    with serving() as server:
        port, url = server.server_address[1], server.url
        model = open_model(f"openai:m@{url}", lanes=3, tell=told.append)
    for lane in range(3):
        model.submit(QUESTION, lane=lane)
    assert model.ready(lambda: bool(told)) == []
    with serving(port) as server:
        found: dict[int, str] = {}
        while len(found) < 3:
            found |= {lane: answer.text for lane, answer in model.ready()}
        assert len(server.bodies) == 3
    model.close()
    assert set(found) == {0, 1, 2}
    begin, end = told
    assert begin.startswith(f"{url} cannot be reached") and "1800 s (--endpoint-wait)" in begin
    assert end.startswith(f"{url} answers again, after ")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_waited_for_beyond_the_retries(
    served: Served, monkeypatch, status: int
) -> None:
    monkeypatch.setattr("clin.llms.server.RETRIES", 0)
    served.behaviour = lambda number, body, key: (
        failure(status, "busy") if number == 1 else reply("focus on frog")
    )
    assert ask(served, QUESTION).text == CHOICES[1]


def test_waiting_has_a_bound(served: Served, monkeypatch) -> None:
    monkeypatch.setattr("clin.llms.server.RETRIES", 0)
    served.behaviour = lambda number, body, key: failure(503, "overloaded")
    with pytest.raises(ModelError, match=r"overloaded.*\(waited \d+ s for it, --endpoint-wait\)"):
        ask(served, QUESTION, endpoint_wait=0.3)
    assert len(served.bodies) == 2


def test_what_waiting_does_not_mend_is_told_at_once(served: Served, monkeypatch) -> None:
    monkeypatch.setattr("clin.llms.server.RETRIES", 0)
    for status, code in ((500, None), (429, "insufficient_quota")):
        wrong = {"message": "no", "code": code}
        served.behaviour = lambda number, body, key, status=status, wrong=wrong: (
            status,
            {"error": wrong},
        )
        told: list[str] = []
        with pytest.raises(ModelError):
            ask(served, QUESTION, tell=told.append)
        assert told == []


def test_a_server_that_is_there_and_too_slow_is_told_with_the_option(
    served: Served, monkeypatch
) -> None:
    """It greets, so it is not away; waiting for it would not help."""
    monkeypatch.setattr("clin.llms.server.RETRIES", 0)
    going_on = threading.Event()
    served.behaviour = lambda number, body, key: going_on.wait(60) and reply("look around")
    told: list[str] = []
    with pytest.raises(ModelError, match=r"did not answer within 0.2 s.*--endpoint-timeout"):
        ask(served, QUESTION, endpoint_timeout=0.2, tell=told.append)
    going_on.set()
    assert told == []


def test_closing_waits_for_no_request(served: Served) -> None:
    """The reply never comes; in the same process another model goes on."""
    going_on = threading.Event()
    served.behaviour = lambda number, body, key: going_on.wait(60) and reply("look around")
    model = open_model(f"openai:m@{served.url}", lanes=2)
    for lane in range(2):
        model.submit(QUESTION, lane=lane)
    while len(served.bodies) < 2:
        time.sleep(0.01)
    model.close()
    assert not going_on.is_set()  # close() came back while both requests hung
    going_on.set()
    served.behaviour = lambda number, body, key: reply("look around")
    assert ask(served, QUESTION).text == CHOICES[0]


HANGS = """
import sys
from clin.llms import Question
from clin.llms.open import open_model
model = open_model(sys.argv[1])
model.submit(Question(("x",)), lane=0)
print("asked", flush=True)
model.close()
"""


def test_a_process_ends_while_a_request_hangs(served: Served) -> None:
    going_on = threading.Event()
    served.behaviour = lambda number, body, key: going_on.wait(100) and reply("look around")
    process = subprocess.run(
        [command()[0], "-c", HANGS, f"openai:m@{served.url}"],
        env=environment(),
        timeout=60,  # the request itself would take 120 s
        check=False,
    )
    going_on.set()
    assert process.returncode == 0


BATCH = """
worlds = ["causal"]
tasks = ["make"]
per_task = 3
trials = 1
budget = 3
strategies = ["none"]
models = ["openai:m@{url}"]
[engine]
lanes = 2
endpoint_wait = {wait}
[prompting]
think = 0
"""


def player(number: int, body: dict, key: str) -> tuple[int, dict]:
    return reply(body["guided_choice"][len(body["guided_choice"]) // 2])


@pytest.mark.parametrize("ended", [False, True])
def test_a_batch_pauses_while_its_server_is_down(tmp_path, ended: bool, clin: Clin) -> None:
    """The server goes away for good after some steps, and comes back in its old place. No cell
    fails; a batch that Ctrl-C ended meanwhile goes on when it is started again."""
    with serving() as server:
        server.behaviour = player
        port, url = server.server_address[1], server.url
        (tmp_path / "b.toml").write_text(BATCH.format(url=url, wait=600))
        words = ("batch", "b.toml", "--allow-host", "127.0.0.1")
        batch = subprocess.Popen(
            command(*words),
            cwd=tmp_path,
            env=environment(OPENAI_API_KEY=SECRET),
            stderr=subprocess.PIPE,
            text=True,
        )
        while len(server.bodies) < 4:
            time.sleep(0.01)
    said = ""
    while "waiting for it" not in said:
        line = batch.stderr.readline()
        assert line, said
        said += line
    if ended:
        batch.send_signal(signal.SIGINT)
        assert batch.wait(timeout=60) == 130
    with serving(port) as server:
        server.behaviour = player
        if ended:
            assert clin("resume", "b1", "--allow-host", "127.0.0.1").returncode == 0
        else:
            assert batch.wait(timeout=120) == 0
    said += batch.stderr.read()
    batch.stderr.close()
    assert said.count("waiting for it") == 1
    assert "Failed" not in said
    with Store(tmp_path / "clin.db", read_only=True) as store:
        assert [run.state for run in store.runs()] == ["finished"] * 3
        assert [store.trials(run.name)[0].steps for run in store.runs()] == [3, 3, 3]
        assert store.check() == []


def test_the_options_of_an_endpoint_are_stored_and_say_what_is_allowed(clin: Clin) -> None:
    refused = clin("run", "--endpoint-timeout", "0")
    assert refused.returncode == 2 and "--endpoint-timeout" in refused.stderr
    assert os.environ.get("CLIN_TRACEBACK") is None and "Traceback" not in refused.stderr
