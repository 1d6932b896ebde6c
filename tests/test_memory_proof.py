"""The store under violence: killed at every statement and at random moments, on a full disk, with
many processes."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from holders import give_lease

from memory.links import parse
from memory.store import NewTrial, NewVersion, Store, StoreError
from memory.store.housekeeping import compact
from memory.trials import Call, Ending, Memory, Step

LINK = parse("focus on egg DOES NOT CONTRIBUTE to the task")
KILLS = int(os.environ.get("CLIN_STORE_KILLS", "200"))
fork = multiprocessing.get_context("fork")


def a_run(path: Path, told: Callable[[str], object], trials: int = 2, steps: int = 3) -> None:
    """A run with corrections; ``told`` hears of each thing only after the store has acknowledged
    it."""
    with Store(path) as store:
        run = store.begin_run({"task": "t", "variation": 0})
        told(f"run {run}")
        for number in range(trials):
            before = store.latest_version(run, number - 1)
            trial = store.begin_trial(
                run, NewTrial(number, "w", "t", 0, "g", "o", version=before.id if before else None)
            )
            for position in range(steps):
                store.append_step(
                    trial,
                    Step(f"{run} {number} {position}", "seen", float(position)),
                    [Call("act", ("h", str(position)), "r")],
                    admissible=listed(position),
                )
                told(f"step {run} {number} {position}")
            store.finish_trial(
                trial,
                Ending.BUDGET,
                NewVersion(Memory((LINK,)), "w", unreadable=["?"]),
                calls=[Call("revise", ("x",), "y")],
            )
            told(f"ended {run} {number}")
            store.correct(run, "pin", LINK, who="ann")
            told(f"pinned {run} {number}")
        store.finish_run(run, "finished")


def listed(position: int) -> frozenset[str]:
    """What was admissible before a step; each differs a little from the one before it."""
    return frozenset(f"do {number}" for number in range(position, position + 9))


def child_plays(path: Path, told: Path) -> int:
    """Fork a process that plays a run; returns its exit status."""
    child = os.fork()
    if child == 0:
        with told.open("a", buffering=1) as log:
            a_run(path, lambda line: print(line, file=log, flush=True))
        os._exit(0)
    return os.waitpid(child, 0)[1]


def told_in_full(told: Path) -> list[str]:
    """The lines of a log. A kill can cut the last one (at a page's end): that was not told yet."""
    if not told.exists():
        return []
    text = told.read_text()
    whole = text[: text.rfind("\n") + 1]
    told.write_text(whole)
    return whole.splitlines()


def holds_what_was_told(path: Path, told: Path) -> None:
    with Store(path) as store:
        assert store.check() == []
        for line in told_in_full(told):
            kind, run, *place = line.split()
            if kind == "step":
                trial, position = map(int, place)
                stored = store.trial(store.trials(run)[trial].id)
                assert stored.steps[position].action == f"{run} {trial} {position}"
                assert stored.admissible[position] == listed(position)
            elif kind == "ended":
                assert store.trials(run)[int(place[0])].ending is Ending.BUDGET
                assert store.version_after(run, int(place[0])).memory.links == (LINK,)
            elif kind == "pinned":
                assert len(store.corrections(run)) > int(place[0])


@pytest.mark.slow
def test_killed_at_every_statement_nothing_told_is_lost(tmp_path: Path, monkeypatch) -> None:
    """The child dies just before its n-th SQL statement, for every n until it lives to its end."""
    opened = Store.__init__

    def dying_at(count: int):
        def start(self, *words, **options) -> None:
            opened(self, *words, **options)
            left = iter(range(count))
            self.connection.db.conn.set_trace_callback(
                lambda sql: next(left, None) is None and os.kill(os.getpid(), signal.SIGKILL)
            )

        return start

    status, count = 1, 0
    while status:
        path, told = tmp_path / f"{count}.db", tmp_path / f"{count}.log"
        monkeypatch.setattr(Store, "__init__", dying_at(count))
        status = child_plays(path, told)
        monkeypatch.setattr(Store, "__init__", opened)
        holds_what_was_told(path, told)
        count += 1
    assert count > 100


@pytest.mark.slow
def test_killed_at_random_moments_nothing_told_is_lost(tmp_path: Path) -> None:
    """One file, many violent ends: what earlier children were told stays true too."""
    path, told, moments = tmp_path / "clin.db", tmp_path / "log", random.Random(5)
    Store(path).close()
    for number in range(KILLS):
        child = os.fork()
        if child == 0:
            with told.open("a", buffering=1) as log:
                a_run(path, lambda line: print(line, file=log, flush=True), trials=4, steps=6)
            os._exit(0)
        time.sleep(moments.uniform(0.0, 0.04))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told_in_full(told)
        if number % 20 == 19:
            holds_what_was_told(path, told)
    assert "step" in told.read_text()


def test_a_full_disk_is_one_line_and_loses_nothing(tmp_path: Path) -> None:
    """A limit on file size makes writes fail as a full disk does."""
    path, told = tmp_path / "clin.db", tmp_path / "log"
    a_run(path, lambda _: None)
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        try:
            with told.open("a", buffering=1) as log:
                for _ in range(1000):
                    a_run(path, lambda line: print(line, file=log, flush=True))
        except StoreError as error:
            os._exit(7 if "\n" not in str(error) else 8)
        os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    holds_what_was_told(path, told)


def write_runs(path: Path, count: int, out) -> None:
    told: list[str] = []
    try:
        for _ in range(count):
            a_run(path, told.append)
        out.put(("written", told))
    except StoreError as error:
        out.put(("error", str(error)))


def read_on(path: Path, stop, out) -> None:
    seen, cursor = 0, 0
    try:
        with Store(path, read_only=True) as store:
            while True:
                last = stop.is_set()
                rows = store.steps_after(cursor)
                seen += len(rows)
                cursor = rows[-1].id if rows else cursor
                if last and not rows:
                    break
        out.put(("read", seen))
    except StoreError as error:
        out.put(("error", str(error)))


def test_four_processes_write_while_two_read(tmp_path: Path) -> None:
    path = tmp_path / "clin.db"
    Store(path).close()
    out, stop = fork.Queue(), fork.Event()
    writers = [fork.Process(target=write_runs, args=(path, 10, out)) for _ in range(4)]
    readers = [fork.Process(target=read_on, args=(path, stop, out)) for _ in range(2)]
    for process in [*writers, *readers]:
        process.start()
    results = [out.get(timeout=120) for _ in writers]
    stop.set()
    results += [out.get(timeout=120) for _ in readers]
    for process in [*writers, *readers]:
        process.join()
    assert sorted(kind for kind, _ in results) == ["read", "read", *["written"] * 4]
    told = [line for kind, lines in results if kind == "written" for line in lines]
    steps = sum(line.startswith("step") for line in told)
    assert [count for kind, count in results if kind == "read"] == [steps, steps] == [240, 240]
    with Store(path) as store:
        assert store.check() == []
        assert len(store.runs()) == 40
        assert sum(row.steps for run in store.runs() for row in store.trials(run.name)) == steps


def test_a_file_that_stays_locked_names_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "clin.db"
    with Store(path) as mine, Store(path, patience=0.2) as theirs:
        mine.begin_run({})
        give_lease(path, "r1", os.getppid())
        mine.connection.db.conn.execute("begin immediate")
        with pytest.raises(StoreError, match=f"held by another process .process {os.getppid()}"):
            theirs.begin_run({})
        mine.connection.db.conn.execute("rollback")
        assert theirs.begin_run({}) == "r2"


def test_giving_space_back_and_packing_say_in_our_words_what_hinders_them(tmp_path: Path) -> None:
    path = tmp_path / "clin.db"
    with Store(path) as mine, Store(path, patience=0.3) as theirs:
        mine.begin_run({})
        mine.connection.db.conn.execute("begin immediate")
        with pytest.raises(
            StoreError,
            match=r"held by another process for longer than 0\.3 s; try again when it is done",
        ):
            compact(theirs, [])
        mine.connection.db.conn.execute("rollback")
        compact(theirs, [])
        with pytest.raises(StoreError, match="unable to open database"):
            theirs.connection.pack(tmp_path / "nowhere" / "packed.db")
        (tmp_path / "text.db").write_text(
            "no database, but long enough to hold the header that SQLite reads first " * 9
        )
        with (
            pytest.raises(StoreError, match=r"text\.db' is not a sound SQLite database"),
            theirs.connection.attached(tmp_path / "text.db"),
        ):
            pass
        assert theirs.check() == []


def test_a_file_that_may_only_be_read_is_read_and_refused_for_writing() -> None:
    """Root may write anywhere, so a child does this as nobody."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = Path(folder) / "clin.db"
        a_run(path, lambda _: None)
        os.chmod(path, 0o444)
        os.chmod(folder, 0o555)
        child = os.fork()
        if child == 0:
            if os.geteuid() == 0:
                os.setuid(65534)
            try:
                with Store(path, read_only=True) as store:
                    sound = store.check() == [] and len(store.trials("r1")) == 2
                Store(path)
            except StoreError as error:
                os._exit(7 if sound and "read-only" in str(error) else 8)
            os._exit(9)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.chmod(folder, 0o755)
    assert status == 7
