"""A file that another user owns: it is read while its owner writes it, and never a step behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

from memory.store import NewTrial, Store, StoreError
from memory.trials import Step

READER = """
import os, sys, tempfile
from memory.store import Store, StoreError
from memory.store.overview import commits
with tempfile.TemporaryDirectory() as warm:  # imports what another user could not read
    Store(warm + "/warm.db").close()
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    store = Store(sys.argv[1], read_only=True)
    before = commits(store)
    print(len(store.steps_after(0)), flush=True)
    for line in sys.stdin:
        moved, before = commits(store) != before, commits(store)
        print(len(store.steps_after(0)), moved, flush=True)
except StoreError as error:
    print(error, flush=True)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that its owner may write, and the reader may not."""
    made = Path(tempfile.mkdtemp(prefix="clin-others-"))
    made.chmod(0o755)
    yield made
    made.chmod(0o755)
    shutil.rmtree(made)


class Reader:
    """A process of a user who may read the file and write nothing beside it."""

    def __init__(self, path: Path) -> None:
        for each in path.parent.iterdir():  # its owner shares it: a new file is the owner's alone
            each.chmod(0o644)
        path.parent.chmod(0o755 if os.geteuid() == 0 else 0o555)
        self._child = subprocess.Popen(
            [sys.executable, "-B", "-c", READER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self.found = self._line()
        path.parent.chmod(0o755)

    def again(self) -> str:
        assert self._child.stdin is not None
        self._child.stdin.write("\n")
        self._child.stdin.flush()
        return self._line()

    def _line(self) -> str:
        assert self._child.stdout is not None
        return self._child.stdout.readline().strip()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.communicate("")


def begun(store: Store) -> int:
    run = store.begin_run({})
    place = {"world": "w", "task": "t", "variation": 0, "goal": "g", "opening": "o"}
    return store.begin_trial(run, NewTrial(0, **place))


def test_a_live_file_in_a_folder_of_another_user_is_followed(folder: Path) -> None:
    with Store(folder / "clin.db") as store:
        trial = begun(store)
        store.append_step(trial, Step("look", "A room.", 0.0))
        with Reader(folder / "clin.db") as reader:
            assert reader.found == "1"
            store.append_step(trial, Step("look", "A room.", 0.0))
            assert reader.again() == "2 True"
            assert reader.again() == "2 False"


def test_a_closed_file_is_read_and_followed_once_its_owner_writes_on(folder: Path) -> None:
    with Store(folder / "clin.db") as store:
        trial = begun(store)
        store.append_step(trial, Step("look", "A room.", 0.0))
    assert [each.name for each in folder.iterdir()] == ["clin.db"]
    with Reader(folder / "clin.db") as reader:
        assert reader.found == "1"
        assert reader.again() == "1 False"
        with Store(folder / "clin.db") as store:
            store.append_step(trial, Step("look", "A room.", 0.0))
            assert reader.again() == "2 True"
            store.append_step(trial, Step("look", "A room.", 0.0))
            assert reader.again() == "3 True"
        assert reader.again().startswith("3 ")
        with Store(folder / "clin.db") as store:  # opened, written and closed between two looks
            store.append_step(trial, Step("look", "A room.", 0.0))
        assert reader.again() == "4 True"


def test_what_stands_in_a_journal_that_cannot_be_read_is_not_left_out(folder: Path) -> None:
    with Store(folder / "clin.db") as store:
        trial = begun(store)
        store.append_step(trial, Step("look", "A room.", 0.0))
        copy = folder / "copy"
        copy.mkdir(mode=0o755)
        for name in ("clin.db", "clin.db-wal"):
            shutil.copy(folder / name, copy / name)
    with Reader(copy / "clin.db") as reader:
        assert "its journal cannot be read from here" in reader.found


def test_a_file_that_was_read_as_it_stood_and_is_gone_is_one_line(folder: Path) -> None:
    with Store(folder / "clin.db") as store:
        store.append_step(begun(store), Step("look", "A room.", 0.0))
    with Reader(folder / "clin.db") as reader:
        assert reader.found == "1"
        (folder / "clin.db").unlink()
        assert reader.again().endswith("clin.db' has been deleted or moved")


def test_a_file_that_is_not_there_is_still_told_in_one_line(folder: Path) -> None:
    with pytest.raises(StoreError, match="no database"):
        Store(folder / "clin.db", read_only=True)
