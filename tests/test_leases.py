"""A run, and a cell of an experiment, is played by one process: real processes that die, wait, take
over and start together."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest
from conftest import Clin, command, environment
from holders import change, give_lease, holder

from clin.config import ModelInfo, RunConfig
from clin.experiments.cells import cells
from clin.experiments.identity import Known
from clin.experiments.runner import Batching
from clin.experiments.spec import Batch
from clin.learner import Learner
from clin.llms.open import open_model
from clin.rollout.scheduler import drive
from clin.watcher import Watcher
from memory.store import HeldElsewhere, NewTrial, NewVersion, Store, StoreError, leases
from memory.store.failures import fail_run, failures
from memory.store.leases import STALE_SECONDS, read_leases
from memory.store.overview import orphans
from memory.trials import Ending, Memory, Step

SMALL = """
worlds = ["causal"]
tasks = ["make"]
variations = [1, 2, 3]
strategies = ["none", "evidence"]
settings = ["adapt", "gen-task"]
sources = 1
trials = 2
budget = 4
writer = "rules"
lanes = 2
"""
GONE = 2**22
"""No process has this number."""


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    (tmp_path / "second.json").write_text('[{"pick": 1}]')
    (tmp_path / "small.toml").write_text(SMALL + 'models = ["scripted:second.json"]\n')
    model = f"scripted:{tmp_path / 'second.json'}"
    return Batch.checked(**tomllib.loads(SMALL), models=[model])


def begun(path: Path) -> int:
    """A run under way in a new file, which nobody plays now; its trial's id."""
    with Store(path) as store:
        return store.begin_trial(store.begin_run({}), NewTrial(0, "w", "t", 0, "g", "o"))


# --- who may take what


def test_a_run_of_a_live_process_is_told_and_left_and_free_once_that_is_killed(
    tmp_path: Path,
) -> None:
    trial = begun(tmp_path / "clin.db")
    with Store(tmp_path / "clin.db") as store, holder(store.path, "r1") as process:
        before = read_leases(store.connection)
        attempts: list[Callable[[], object]] = [
            lambda: store.claim_run("r1"),
            lambda: store.append_step(trial, Step("a", "b", 0.0)),
            lambda: store.finish_trial(trial, Ending.BUDGET, NewVersion(Memory(), "none")),
            lambda: store.begin_trial("r1", NewTrial(1, "w", "t", 0, "g", "o")),
            lambda: store.finish_run("r1", "failed"),
            lambda: fail_run(store, "r1", "no reason"),
        ]
        for attempt in attempts:
            with pytest.raises(HeldElsewhere, match=f"process {process.pid} on .*, since 20") as no:
                attempt()
            assert "\n" not in str(no.value)
        assert read_leases(store.connection) == before and orphans(store) == set()
        assert store.run("r1").state == "running" and not failures(store, "r1")
        process.kill()
        process.wait()
        assert orphans(store) == {"r1"}
        store.claim_run("r1")
        assert store.append_step(trial, Step("a", "b", 0.0)) == 0


def test_a_process_that_is_dead_and_not_asked_after_holds_nothing(tmp_path: Path) -> None:
    begun(tmp_path / "clin.db")
    with Store(tmp_path / "clin.db") as store, holder(store.path, "r1") as process:
        process.kill()
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        store.claim_run("r1")
        assert read_leases(store.connection, "r1")[0].process.is_this


def test_a_reused_process_number_blocks_nothing(tmp_path: Path) -> None:
    begun(tmp_path / "clin.db")
    with Store(tmp_path / "clin.db") as store, holder(store.path, "r1") as process:
        with pytest.raises(HeldElsewhere):
            store.claim_run("r1")
        change(store.path, "r1", began=psutil.Process(process.pid).create_time() - 1000)
        assert orphans(store) == {"r1"}
        store.claim_run("r1")


def test_on_one_machine_the_process_counts_and_not_when_it_was_heard_of(tmp_path: Path) -> None:
    """A model may take an hour for a step, and a laptop may sleep."""
    begun(tmp_path / "clin.db")
    with Store(tmp_path / "clin.db") as store, holder(store.path, "r1"):
        change(store.path, "r1", beat=0)
        with pytest.raises(HeldElsewhere, match="silent for"):
            store.claim_run("r1")


def test_another_machines_run_is_free_when_it_was_silent_too_long(tmp_path: Path) -> None:
    begun(tmp_path / "clin.db")
    with Store(tmp_path / "clin.db") as store:
        store.claim_run("r1")
        foreign = {"token": "theirs", "host": "far", "machine": "another boot", "pid": GONE}
        change(store.path, "r1", **foreign, beat=time.time() - STALE_SECONDS + 60)
        with pytest.raises(HeldElsewhere, match=f"process {GONE} on far"):
            store.claim_run("r1")
        assert orphans(store) == set()
        change(store.path, "r1", beat=time.time() - STALE_SECONDS - 1)
        assert orphans(store) == {"r1"}
        store.claim_run("r1")
        [lease] = read_leases(store.connection)
        assert lease.process.pid == os.getpid()


def test_a_lease_is_kept_alive_through_a_step_that_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "BEAT_SECONDS", 0.02)
    with Store(tmp_path / "clin.db") as store:
        store.begin_run({})
        change(store.path, "r1", beat=1)
        beat = 1.0
        for _ in range(1000):
            if (beat := read_leases(store.connection)[0].beat) != 1:
                break
            time.sleep(0.01)
        assert beat > 1


def test_claims_of_before_there_were_leases_still_read(tmp_path: Path) -> None:
    path = tmp_path / "clin.db"
    begun(path)
    with holder(path, "r1") as process:
        raw = sqlite3.connect(path)
        raw.execute("drop table leases")
        raw.execute("delete from _sqlite_migrations where name = '10 leases'")
        here = os.uname().nodename
        raw.execute("update runs set pid = ?, host = ?", [process.pid, here])
        raw.commit()
        with Store(path, read_only=True) as store:
            assert orphans(store) == set()
        with Store(path) as store:
            with pytest.raises(HeldElsewhere, match=f"process {process.pid} on {here}, since 20"):
                store.claim_run("r1")
            raw.execute("update runs set pid = ?", [GONE])
            raw.commit()
            assert orphans(store) == {"r1"}
            store.claim_run("r1")
            assert raw.execute("select pid from runs").fetchall() == [(None,)]
        raw.close()


# --- a run that is taken away


def test_a_run_that_is_taken_away_in_mid_trial_stops_and_marks_nothing(
    tmp_path: Path, batch: Batch
) -> None:
    path = tmp_path / "clin.db"
    model = open_model(batch.models[0])
    info = ModelInfo.of(batch.models[0], model.card)
    config = RunConfig(
        world="causal", task="make", variation=1, strategy="none", writer="rules", model=info
    )

    class Thief(Watcher):
        def step_done(self, run: str, number: int, index: int, *_: object) -> None:
            if index == 2:
                give_lease(path, run, os.getppid())

    with Store(path) as store:
        learner = Learner.over(model, store, config, watcher=Thief())
        with pytest.raises(HeldElsewhere, match=f"r1 was taken over by process {os.getppid()}"):
            drive([learner.adapt()], model)
        assert [row.steps for row in store.trials("r1")] == [3]
        assert store.run("r1").state == "running" and not failures(store, "r1")
        assert store.check() == []


@pytest.mark.slow
def test_kill_9_and_resume_at_once(tmp_path: Path, batch: Batch, clin: Clin) -> None:
    words = ("run", "--world", "causal", "--task", "make", "--variation", "1", "--trials", "12")
    words += ("--budget", "30", "--model", "scripted:second.json", "--writer", "rules", "-v")
    with subprocess.Popen(
        command(*words), stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment()
    ) as child:
        assert child.stderr is not None
        while "step 1" not in child.stderr.readline():
            pass
        second = clin("resume", "r1")
        assert second.returncode == 2 and f"process {child.pid}" in second.stderr
        assert len(second.stderr.splitlines()) == 1
        child.kill()
        child.communicate()
    with Store(tmp_path / "clin.db", read_only=True) as store:
        assert store.run("r1").state == "running"
    assert clin("resume", "r1").returncode == 0
    with Store(tmp_path / "clin.db", read_only=True) as store:
        assert store.run("r1").state == "finished" and len(store.trials("r1")) == 12
        assert store.check() == [] and read_leases(store.connection) == []


# --- two batches


def each_cell_once(path: Path, runs: int) -> None:
    with Store(path, read_only=True) as store:
        known = Known(store)
        known.look()
        found = store.runs()
        assert len(found) == runs and {run.state for run in found} == {"finished"}
        assert len({known._names[run.uid] for run in found}) == runs
        assert store.check() == [] and read_leases(store.connection) == []


@pytest.mark.slow
def test_two_copies_of_a_batch_at_once_make_each_cell_once(
    tmp_path: Path, batch: Batch, clin: Clin
) -> None:
    copies = [
        subprocess.Popen(
            command("batch", "small.toml", "--json"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=environment(),
        )
        for _ in range(3)
    ]
    said = [child.communicate(timeout=240) for child in copies]
    assert [child.returncode for child in copies] == [0, 0, 0], said
    documents = [json.loads(out) for out, _ in said]
    planned = cells(batch)
    runs = len({*planned} | {source for each in planned for source in each.source_cells()})
    played = [run for document in documents for run in document["played"]]
    assert len(played) == len(set(played)) == runs
    for document in documents:
        assert {*document["played"], *document["there"]} == set(played)
    each_cell_once(tmp_path / "clin.db", runs)
    compared = clin("report").stdout
    assert "n=3" in compared and "n=6" not in compared


class Waiting(Watcher):
    """Ends the holder when a batch says that it waits for it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process, self.told = process, list[str]()

    def waits(self, held: Sequence[str]) -> None:
        self.told += held
        self.process.kill()
        self.process.wait()


def test_a_batch_waits_for_what_another_process_plays_and_goes_on_with_what_that_leaves(
    tmp_path: Path, batch: Batch
) -> None:
    one = batch.but(variations=(1,), strategies=("none",), settings=("adapt",))
    with Store(tmp_path / "clin.db") as store:
        with pytest.raises(KeyboardInterrupt):
            Batching(store, one, Interrupting(), lambda: False).play(cells(one))
        [run] = store.runs()
        with holder(store.path, run.name) as process:
            watcher = Waiting(process)
            outcome = Batching(store, one, watcher, lambda: False).play(cells(one))
            assert outcome.played == ["r1"] and not outcome.failed
            [told] = watcher.told
            assert f"r1 is being played by process {process.pid} on " in told
        assert not failures(store, "r1")
        each_cell_once(store.path, 1)


class Interrupting(Watcher):
    """Interrupts a trial."""

    def step_done(self, run: str, number: int, index: int, *_: object) -> None:
        raise KeyboardInterrupt


def test_a_cell_that_another_process_has_begun_to_prepare_is_waited_for(
    tmp_path: Path, batch: Batch
) -> None:
    from clin.experiments.cells import configs_of
    from clin.experiments.identity import identity
    from clin.experiments.runner import played_with

    one = batch.but(variations=(1,), strategies=("none",), settings=("adapt",))
    model = open_model(one.models[0])
    [config] = configs_of(one, cells(one)[0], played_with(one, one.models[0], model))
    with Store(tmp_path / "clin.db") as store:
        with holder(store.path, identity(config)) as process:
            watcher = Waiting(process)
            outcome = Batching(store, one, watcher, lambda: False).play(cells(one))
            assert outcome.played == ["r1"] and len(watcher.told) == 1
            assert watcher.told[0].startswith("causal/make 1, none, adapt, scripted:")
        each_cell_once(store.path, 1)


def test_a_batch_that_is_stopped_while_it_waits_leaves_the_other_alone(
    tmp_path: Path, batch: Batch
) -> None:
    one = batch.but(variations=(1,), strategies=("none",), settings=("adapt",))
    with Store(tmp_path / "clin.db") as store:
        with pytest.raises(KeyboardInterrupt):
            Batching(store, one, Interrupting(), lambda: False).play(cells(one))
        with holder(store.path, "r1"):
            before = read_leases(store.connection)
            told: list[str] = []
            watcher = Watcher()
            watcher.waits = told.extend  # type: ignore[method-assign]
            outcome = Batching(store, one, watcher, lambda: bool(told)).play(cells(one))
            assert outcome.interrupted and told and not outcome.failed and not outcome.played
            assert read_leases(store.connection) == before
            assert store.run("r1").state == "running"


def test_a_cell_that_was_taken_over_before_its_run_begins_makes_no_run(tmp_path: Path) -> None:
    with Store(tmp_path / "clin.db") as store:
        what = leases.take_cell(store, "abc", "the cell")
        give_lease(store.path, what, os.getppid())
        with pytest.raises(StoreError, match="a cell of the experiment was taken over"):
            store.begin_run({}, cell=what)
        assert store.runs() == []
