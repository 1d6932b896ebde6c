"""People correct a memory while others do and while trials end: no correction half done, none
overwritten."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from memory.links import parse
from memory.store import NewTrial, NewVersion, Store, StoreError
from memory.trials import Ending, Memory, Step

EGG = parse("focus on egg DOES NOT CONTRIBUTE to the task")
SURE = parse("focus on frog SHOULD BE NECESSARY to the task")
fork = multiprocessing.get_context("fork")


def trial_that_ends(store: Store, run: str, memory: Memory) -> None:
    number = len(store.trials(run))
    before = store.latest_version(run, number - 1)
    trial = store.begin_trial(
        run, NewTrial(number, "w", "t", 0, "g", "o", version=before.id if before else None)
    )
    store.append_step(trial, Step("look", "seen", 0.0))
    store.finish_trial(trial, Ending.BUDGET, NewVersion(memory, "w"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with one run whose only trial left the memory EGG."""
    with Store(tmp_path / "clin.db") as store:
        trial_that_ends(store, store.begin_run({}), Memory((EGG,)))
    return tmp_path / "clin.db"


def add_links(path: Path, who: str, count: int) -> None:
    with Store(path) as store:
        for number in range(count):
            store.correct(
                "r1",
                "add",
                parse(f"action {number} of {who} MAY CONTRIBUTE to the task"),
                who=who,
            )


def end_trials(path: Path, count: int) -> None:
    with Store(path) as store:
        for _ in range(count):
            trial_that_ends(store, "r1", Memory((EGG,)))


def test_many_people_add_links_while_trials_end_and_all_stay(path: Path) -> None:
    people = [fork.Process(target=add_links, args=(path, who, 12)) for who in ("ann", "bob", "cid")]
    everyone = [*people, fork.Process(target=end_trials, args=(path, 12))]
    for process in everyone:
        process.start()
    for process in everyone:
        process.join()
    assert [process.exitcode for process in everyone] == [0, 0, 0, 0]
    with Store(path) as store:
        added = {each.link for each in store.corrections("r1")}
        assert len(added) == 36
        assert added <= set(map(str, store.current_memory("r1").links))
        assert store.check() == []


def corrected_until(path: Path, count: int) -> int:
    """A child edits a link and dies just before its SQL statement number ``count``; returns its
    exit status."""
    child = os.fork()
    if child == 0:
        store, left = Store(path), iter(range(count))
        store.connection.db.conn.set_trace_callback(
            lambda sql: next(left, None) is None and os.kill(os.getpid(), signal.SIGKILL)
        )
        store.correct("r1", "edit", EGG, new=SURE, who="ann")
        os._exit(0)
    return os.waitpid(child, 0)[1]


def test_an_edit_killed_at_any_statement_is_made_whole_or_not_at_all(
    path: Path, tmp_path: Path
) -> None:
    before, status, count = path.read_bytes(), 1, 0
    seen = set()
    while status:
        copy = tmp_path / f"{count}.db"
        copy.write_bytes(before)
        status = corrected_until(copy, count)
        with Store(copy) as store:
            assert store.check() == []
            kinds = tuple(each.kind for each in store.corrections("r1"))
            seen.add((store.current_memory("r1").links, kinds))
        count += 1
    assert seen == {((EGG,), ()), ((SURE,), ("drop", "edit"))}
    assert count > 8


def test_a_correction_that_is_refused_leaves_no_trace(path: Path) -> None:
    with Store(path) as store:
        with pytest.raises(StoreError, match="holds no such link"):
            store.correct("r1", "drop", SURE, who="ann")
        store.replace_memory("r1", Memory((SURE,)), who="ann")
        assert [each.kind for each in store.corrections("r1")] == ["import"]
        assert len(store.versions("r1")) == 2
