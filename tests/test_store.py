"""The store against a plain model, its errors, and what it promises when it is interrupted."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from memory.corrections import meaning
from memory.processes import alive
from memory.store import NewTrial, NewVersion, Store, StoreError
from memory.testing import calls, links, memories, steps, stores, texts
from memory.trials import Ending, Memory, Step


class StoreMachine(RuleBasedStateMachine):
    """Begin, append, finish, reopen: what is read back is what a dict remembers."""

    @initialize(folder=st.uuids())
    def open(self, folder) -> None:
        self.path = Path(self.folder) / f"{folder}.db"
        self.store = Store(self.path)
        self.runs: dict[str, list[dict]] = {}

    folder: str = ""

    def teardown(self) -> None:
        if hasattr(self, "store"):
            assert self.store.check() == []
            self.store.close()

    @rule(note=texts())
    def begin_run(self, note: str) -> None:
        name = self.store.begin_run({"note": note})
        self.runs[name] = []
        assert self.store.run(name).config == {"note": note}

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), goal=texts(), opening=texts(), recalled=memories(4))
    def begin_trial(self, data, goal: str, opening: str, recalled: Memory) -> None:
        run = data.draw(st.sampled_from(sorted(self.runs)))
        trials = self.runs[run]
        if trials and trials[-1]["ending"] is None:
            return
        version = self.store.version_after(run, len(trials) - 1).id if trials else None
        trial = self.store.begin_trial(
            run,
            NewTrial(len(trials), "w", "t", 0, goal, opening, recalled=recalled, version=version),
        )
        trials.append(
            {
                "id": trial,
                "goal": goal,
                "recalled": recalled,
                "steps": [],
                "admissible": [],
                "calls": [],
                "ending": None,
                "memory": None,
            }
        )

    def unfinished(self) -> list[dict]:
        return [
            trial for trials in self.runs.values() for trial in trials if trial["ending"] is None
        ]

    @precondition(lambda self: self.unfinished())
    @rule(
        data=st.data(),
        step=steps(),
        made=st.lists(calls(), max_size=3),
        listed=st.none() | st.frozensets(texts(20), max_size=5),
    )
    def append(self, data, step: Step, made: list, listed: frozenset[str] | None) -> None:
        trial = data.draw(st.sampled_from(self.unfinished()))
        position = self.store.append_step(trial["id"], step, made, admissible=listed)
        assert position == len(trial["steps"])
        trial["steps"].append(step)
        trial["admissible"].append(listed)
        trial["calls"] += made

    @precondition(lambda self: self.unfinished())
    @rule(
        data=st.data(),
        ending=st.sampled_from(Ending),
        memory=memories(),
        unreadable=st.lists(texts(), max_size=2),
        made=st.lists(calls(), max_size=2),
    )
    def finish(
        self, data, ending: Ending, memory: Memory, unreadable: list[str], made: list
    ) -> None:
        trial = data.draw(st.sampled_from(self.unfinished()))
        run = next(run for run, trials in self.runs.items() if trial in trials)
        overrides = self.store.overrides(run)
        self.store.finish_trial(
            trial["id"], ending, NewVersion(memory, "w", unreadable=unreadable), calls=made
        )
        kept = replace(memory, links=overrides.applied(memory.links))
        assert set(overrides.pinned) <= set(kept.links)
        assert not {meaning(link) for link in kept.links} & overrides.banned
        trial.update(ending=ending, memory=kept, unreadable=tuple(unreadable))
        trial["calls"] += made
        with pytest.raises(StoreError):
            self.store.append_step(trial["id"], Step("late", "", 0.0))

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = Store(self.path)

    @rule(number=st.integers(0, 10**9))
    def crash(self, number: int) -> None:
        """What lies on the disk at this moment, journal and all, is what a killed process
        leaves."""
        copy = self.path.with_name(f"{number}-{self.path.name[:40]}")
        for suffix in ("", "-wal"):
            left = Path(f"{self.path}{suffix}")
            if left.exists():
                Path(f"{copy}{suffix}").write_bytes(left.read_bytes())
        self.store.close()
        self.path, self.store = copy, Store(copy)

    def idle(self) -> list[str]:
        return sorted(
            run for run, trials in self.runs.items() if trials and trials[-1]["ending"] is not None
        )

    @precondition(lambda self: self.idle())
    @rule(
        data=st.data(),
        kind=st.sampled_from(["add", "drop", "edit", "pin", "unpin", "ban", "unban"]),
        new=links(),
    )
    def correct(self, data, kind: str, new) -> None:
        run = data.draw(st.sampled_from(self.idle()))
        last = self.runs[run][-1]
        known = [link for link in last["memory"].links if kind != "add"]
        link = data.draw(st.sampled_from(known)) if known else new
        if kind in ("drop", "edit", "pin") and not known:
            with pytest.raises(StoreError):
                self.store.correct(run, kind, link, new=new)
            return
        after = self.store.correct(run, kind, link, new=new, who="ann")
        same = {each for each in last["memory"].links if meaning(each) == meaning(link)}
        others = [each for each in last["memory"].links if each not in same]
        if kind in ("drop", "ban"):
            assert list(after.links) == others
        elif kind == "edit":
            assert new in after.links
        elif kind in ("add", "pin"):
            assert link in after.links
        else:
            assert after == last["memory"]
        last.update(memory=after, unreadable=())

    @precondition(lambda self: self.idle())
    @rule(data=st.data(), memory=memories())
    def import_(self, data, memory: Memory) -> None:
        run = data.draw(st.sampled_from(self.idle()))
        self.store.replace_memory(run, memory, who="ann")
        self.runs[run][-1].update(memory=memory, unreadable=())

    @invariant()
    def reads_what_was_written(self) -> None:
        for run, trials in getattr(self, "runs", {}).items():
            assert [row.ending for row in self.store.trials(run)] == [
                trial["ending"] for trial in trials
            ]
            for number, trial in enumerate(trials):
                assert self.store.steps(trial["id"]) == tuple(trial["steps"])
                assert self.store.calls(trial["id"]) == trial["calls"]
                stored = self.store.trial(trial["id"])
                assert (stored.goal, stored.recalled) == (trial["goal"], trial["recalled"])
                sets = tuple(trial["admissible"])
                assert stored.admissible == (sets if any(s is not None for s in sets) else ())
                if trial["ending"] is not None:
                    version = self.store.version_after(run, number)
                    assert (version.memory, version.unreadable) == (
                        trial["memory"],
                        trial["unreadable"],
                    )


def test_the_store_is_a_dict_that_survives(tmp_path: Path) -> None:
    machine = type("StoreMachineHere", (StoreMachine,), {"folder": str(tmp_path)})
    from hypothesis.stateful import run_state_machine_as_test

    quick = settings(
        max_examples=25,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=quick)
    assert list(tmp_path.glob("*.db"))


def begun(store: Store) -> int:
    run = store.begin_run({})
    return store.begin_trial(run, NewTrial(0, "w", "t", 0, "g", "o"))


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("these are my notes, " * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not a sound SQLite database"):
        Store(path)
    assert path.read_bytes() == before


def test_another_programs_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as db:
        db.execute("create table bookmarks (url text)")
    with pytest.raises(StoreError, match="another program's database"):
        Store(path)


def test_a_newer_versions_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clin.db"
    Store(path).close()
    with sqlite3.connect(path) as db:
        db.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at) values ('clin', "
            "'99 the future', 'x')"
        )
    with pytest.raises(StoreError, match="newer version"):
        Store(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="read-only"):
            Store(tmp_path / "clin.db")
    finally:
        tmp_path.chmod(0o700)


def test_missing_places_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no folder"):
        Store(tmp_path / "nowhere" / "clin.db")
    with pytest.raises(StoreError, match="no database"):
        Store(tmp_path / "clin.db", read_only=True)
    with pytest.raises(StoreError, match="is a folder"):
        Store(tmp_path)


def test_reading_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clin.db"
    with Store(path) as store:
        trial = begun(store)
    with Store(path, read_only=True) as store, pytest.raises(StoreError, match="reading only"):
        store.append_step(trial, Step("a", "b", 0.0))


def test_a_full_disk_loses_nothing_that_was_stored(tmp_path: Path) -> None:
    """SQLite's own limit on pages stands in for the disk: the error is the same one."""
    with Store(tmp_path / "clin.db") as store:
        trial = begun(store)
        store.append_step(trial, Step("a", "b", 1.0))
        pages = store.connection.db.execute("pragma page_count").fetchone()[0]
        store.connection.db.execute(f"pragma max_page_count = {pages}")
        with pytest.raises(StoreError, match="no space left"):
            for _ in range(1000):
                store.append_step(trial, Step("a", "b" * 5000, 1.0))
        kept = store.steps(trial)
        assert kept[0] == Step("a", "b", 1.0)
        assert store.check() == []
        assert store.trials("r1")[0].steps == len(kept)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 1 MiB; the test is skipped where this user may mount none."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user may mount no file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_reader_on_a_full_disk_says_so(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        with Store(disk / "clin.db") as store:
            begun(store)
        with open(disk / "filler", "wb", buffering=0) as filler, suppress(OSError):
            while True:
                filler.write(b"0" * 512)
        with pytest.raises(StoreError, match="no space left"):
            Store(disk / "clin.db", read_only=True)
        (disk / "filler").unlink()
        with Store(disk / "clin.db", read_only=True) as store:
            assert len(store.runs()) == 1


def test_an_unknown_run_says_which_there_are(tmp_path: Path) -> None:
    with Store(tmp_path / "clin.db") as store:
        with pytest.raises(StoreError, match="it has none yet"):
            store.run("r1")
        begun(store)
        for asked in (store.trial, store.recalled, store.ranking, store.link_test):
            with pytest.raises(StoreError, match="no trial with id 7"):
                asked(7)
        with pytest.raises(StoreError, match="r1 to r1"):
            store.run("boil")


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(stores())
def test_any_store_is_sound_and_reads_the_same_from_another_connection(store: Store) -> None:
    with store, Store(store.path, read_only=True) as reader:
        assert reader.check() == []
        for run in store.runs():
            assert [reader.trial(row.id) for row in reader.trials(run.name)] == [
                store.trial(row.id) for row in store.trials(run.name)
            ]
            assert reader.versions(run.name) == store.versions(run.name)


def test_a_process_that_was_killed_and_not_asked_after_is_gone() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    ) as process:
        assert alive(process.pid) and alive(os.getpid())
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays listed
        assert alive(process.pid) is not Path("/proc").exists()
    assert not alive(process.pid)
