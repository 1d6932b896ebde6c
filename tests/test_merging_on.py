"""Runs that are merged while they go on, files that are only read, rows that are judged one by
one."""

from __future__ import annotations

import hashlib
import json
import lzma
import sqlite3
import tomllib
from pathlib import Path

import pytest
from conftest import Clin

from clin.experiments.cells import cells
from clin.experiments.runner import Batching
from clin.experiments.spec import Batch
from clin.watcher import Watcher
from memory.links import parse
from memory.store import NewTrial, NewVersion, Store
from memory.store.failures import fail_run, failures
from memory.store.housekeeping import stats
from memory.store.merging import merge, parcel, update
from memory.trials import Call, Ending, Memory, Step

PLACE = {"world": "w", "task": "t", "variation": 0, "goal": "g", "opening": "o"}
EGG = parse("focus on egg MAY BE NECESSARY to the task")
FROG = parse("focus on frog MAY BE NECESSARY to the task")
SETS = [frozenset({f"go {n}" for n in range(k, k + 9)}) for k in range(9)]


def step(store: Store, trial: int, at: int) -> None:
    """One step with two calls, of which the second goes on where the first ended."""
    head = tuple(f"turn {n}" for n in range(at + 1))
    calls = [Call("act", (*head, end), "look", 5, 1, 1) for end in ("think", "choose")]
    calls[1] = Call(**{**vars(calls[1]), "recalled": "egg"})
    store.append_step(trial, Step("look", f"room {at}", float(at)), calls, admissible=SETS[at])


def end(store: Store, trial: int, *links) -> None:
    store.finish_trial(trial, Ending.BUDGET, NewVersion(Memory(links), "clin/rules"))


def whole(store: Store, run: str) -> list:
    """All that a run is, without ids."""
    told = [store.run(run).config, store.run(run).state]
    for row in store.trials(run):
        told += [row.number, row.ending, row.score, row.steps, store.trial(row.id)]
        told += [store.calls(row.id), store.recalled(row.id)]
    told += [(v.memory, v.writer, v.unreadable) for v in store.versions(run)]
    told += [(c.kind, c.link, c.who, c.made) for c in store.corrections(run)]
    return [*told, failures(store, run)]


@pytest.fixture
def theirs(tmp_path: Path):
    with Store(tmp_path / "theirs.db") as store:
        yield store


@pytest.fixture
def ours(tmp_path: Path):
    with Store(tmp_path / "ours.db") as store:
        other = store.begin_run({"mine": True})  # ids here are other ones than there
        trial = store.begin_trial(other, NewTrial(0, **PLACE))
        step(store, trial, 0)
        end(store, trial, FROG)
        yield store


def test_a_run_goes_on_here_with_every_merge_until_it_is_whole(theirs: Store, ours: Store) -> None:
    run = theirs.begin_run({"theirs": True}, NewVersion(Memory((EGG,)), "given"))

    def merged() -> None:
        found = update(ours, theirs.path)
        assert (found.copied, found.updated) in ((("r2",), ()), ((), ("r2",)))
        state = whole(ours, "r2")
        expected = whole(theirs, run)
        expected[1] = "stopped" if expected[1] == "running" else expected[1]
        assert state == expected
        assert update(ours, theirs.path).updated == ()  # merging twice adds nothing
        assert ours.check() == []

    merged()
    for number in range(2):
        version = theirs.latest_version(run, number - 1)
        trial = theirs.begin_trial(
            run, NewTrial(number, **PLACE, version=version.id if version else None)
        )
        merged()
        for at in range(3):
            step(theirs, trial, at)
            merged()
        end(theirs, trial, EGG, *((FROG,) if number else ()))
        merged()
        theirs.correct(run, "pin", EGG, who="ann")
        merged()
    fail_run(theirs, run, "a reason")
    merged()
    theirs.finish_run(run, "finished")
    merged()
    seen = [row.id for row in ours.steps_after(0)]
    assert seen == sorted(set(seen)) and len(seen) == 7  # readers' cursors saw each step once


def test_what_was_kept_here_of_a_live_trial_goes_on_after_a_merge(
    theirs: Store, ours: Store
) -> None:
    """The next step here differs from what came over, not from what was remembered before."""
    run = theirs.begin_run({})
    trial = theirs.begin_trial(run, NewTrial(0, **PLACE))
    step(theirs, trial, 0)
    merge(ours, theirs.path)
    here = ours.trials("r2")[0].id
    for at in (1, 2):
        step(theirs, trial, at)
    merge(ours, theirs.path)
    step(ours, here, 3)
    step(theirs, trial, 3)
    assert ours.calls(here) == theirs.calls(trial)
    assert ours.admissible(here) == theirs.admissible(trial)


def test_a_run_that_went_on_in_both_files_stays_and_is_told(
    theirs: Store, ours: Store, clin: Clin
) -> None:
    run = theirs.begin_run({})
    trial = theirs.begin_trial(run, NewTrial(0, **PLACE))
    step(theirs, trial, 0)
    merge(ours, theirs.path)
    ours.append_step(ours.trials("r2")[0].id, Step("jump", "no", 0.0))
    for at in (1, 2):
        step(theirs, trial, at)
    before = whole(ours, "r2")
    assert update(ours, theirs.path).parted == ("r2",)
    assert whole(ours, "r2") == before
    told = clin("memory", "merge", "ours.db", "theirs.db").stdout
    assert "r2 has gone on in both files, and stays as it is" in told


def test_what_is_ahead_here_is_left_alone(theirs: Store, ours: Store) -> None:
    run = theirs.begin_run({})
    step(theirs, theirs.begin_trial(run, NewTrial(0, **PLACE)), 0)
    merge(ours, theirs.path)
    trial = ours.trials("r2")[0].id
    step(ours, trial, 1)
    end(ours, trial, EGG)
    before = whole(ours, "r2")
    found = update(ours, theirs.path)
    assert (found.updated, found.parted) == ((), ()) and whole(ours, "r2") == before


def test_a_parcel_that_comes_back_further_updates_the_run(ours: Store, tmp_path: Path) -> None:
    """What a worker of a cluster does: it is sent a run, and sends back more of it."""
    (tmp_path / "away.db").write_bytes(parcel(ours, ["r1"]))
    with Store(tmp_path / "away.db") as away:
        trial = away.begin_trial("r1", NewTrial(1, **PLACE, version=1))
        step(away, trial, 0)
        end(away, trial, EGG)
        away.finish_run("r1", "finished")
        expected = whole(away, "r1")
    (tmp_path / "back.db").write_bytes((tmp_path / "away.db").read_bytes())
    assert merge(ours, tmp_path / "back.db") == ["r1"] and whole(ours, "r1") == expected


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_other_file_is_only_read(ours: Store, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    old.write_bytes(lzma.decompress((Path(__file__).parent / "data/schema1.db.xz").read_bytes()))
    old.chmod(0o444)
    before = digest(old)
    assert update(ours, old).copied == ("r2",)
    assert digest(old) == before
    assert [row.score for row in ours.trials("r2")] == [-100, -100, 100, 100, 100]
    assert ours.check() == []


# --- rows, judged one by one

RUN = ("run", "--world", "causal", "--task", "make", "--trials", "2", "--budget", "3")
RUN += ("--model", "scripted:second.json", "--writer", "rules")


@pytest.fixture
def two(tmp_path: Path, clin: Clin) -> Path:
    """A file with two finished runs."""
    (tmp_path / "second.json").write_text('[{"pick": 1}]')
    assert clin(*RUN, "--variation", "1,2").returncode == 0
    return tmp_path / "clin.db"


def spoil(path: Path, statement: str) -> None:
    raw = sqlite3.connect(path)
    raw.execute(statement)
    raw.commit()
    raw.close()


READING = (("runs",), ("report",), ("memory", "stats"), ("memory", "list"))


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("update runs set config = 'no json' where id = 1", "config of runs is no JSON object (1)"),
        ("update runs set config = '[1]' where id = 1", "config of runs is no JSON object (1)"),
        ("update runs set config = '{}' where id = 1", "the configuration of r1 has no world"),
        ("update trials set ending = 'gone' where id = 1", "ending of trials is none of won, lost"),
        ("update versions set unreadable = '{' where id = 1", "unreadable of versions is no JSON"),
        ("update versions set notes = '' where id = 2", "notes of versions is no JSON array (2)"),
        ("update steps set cited = 'x' where id = 1", "cited of steps is no JSON array (1)"),
        ("update calls set parts = 'x' where id = 1", "parts of calls is no JSON array (1)"),
        ("update trials set recalled = 'x' where id = 1", "recalled of trials is no JSON object"),
        ("update runs set state = 'odd' where id = 1", "state of runs is none of running"),
    ],
)
def test_one_bad_row_costs_no_other_and_check_sees_it(
    statement: str, told: str, two: Path, clin: Clin
) -> None:
    spoil(two, statement)
    for words in READING:
        done = clin(*words)
        assert done.returncode == 0, (words, done.stderr)
        assert "r2" in done.stdout or words[0] == "report" or words[1] == "stats"
    checked = clin("memory", "check")
    assert checked.returncode == 1 and told in checked.stdout
    assert clin("show", "r2").returncode == 0 and clin("resume", "r2").returncode == 0
    shown = clin("show", "r1", "--trial", "0")
    assert "Traceback" not in shown.stderr and shown.returncode in (0, 1, 2)


def test_runs_and_report_say_what_they_leave_out(two: Path, clin: Clin) -> None:
    spoil(two, "update runs set config = 'no json' where id = 1")
    for words in (("runs",), ("report",)):
        assert "Left out: the configuration of r1 cannot be read" in clin(*words).stderr
    done = clin("resume", "r1")
    assert done.returncode == 2 and "the configuration of r1 cannot be read" in done.stderr


SMALL = """
worlds = ["causal"]
tasks = ["make"]
variations = [1, 2]
strategies = ["none"]
trials = 1
budget = 3
"""


def test_a_run_of_a_newer_version_stops_no_batch(two: Path, tmp_path: Path) -> None:
    raw = sqlite3.connect(two)
    [(config,)] = raw.execute("select config from runs where id = 1").fetchall()
    raw.execute(
        "update runs set config = ? where id = 1", [json.dumps({**json.loads(config), "new": 1})]
    )
    raw.commit()
    raw.close()
    batch = Batch.checked(**tomllib.loads(SMALL), models=[f"scripted:{tmp_path}/second.json"])
    with Store(two) as store:
        outcome = Batching(store, batch, Watcher(), lambda: False).play(cells(batch))
        assert (outcome.failed, len(outcome.played)) == ([], 2)
        assert stats(store).runs == 4
