"""What is written is its owner's alone, and what was there keeps its mode."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Clin

from memory.private import write_private
from memory.store import Store

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
PLAY = ("--world", "causal", "--task", "make", "--variation", "100", "--trials", "1")


@pytest.fixture(autouse=True)
def open_to_all() -> Iterator[None]:
    """The most careless umask that there is."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_database_and_what_stands_beside_it_are_its_owners(tmp_path: Path) -> None:
    with Store(tmp_path / "clin.db"):
        modes = {path.name: mode(path) for path in tmp_path.iterdir()}
    assert modes == {"clin.db": 0o600, "clin.db-wal": 0o600, "clin.db-shm": 0o600}


def test_a_database_that_is_shared_stays_so(tmp_path: Path) -> None:
    with Store(tmp_path / "clin.db"):
        pass
    (tmp_path / "clin.db").chmod(0o664)
    with Store(tmp_path / "clin.db"):
        assert {mode(path) for path in tmp_path.iterdir()} == {0o664}


def test_exports_are_their_owners(clin: Clin, tmp_path: Path) -> None:
    made = clin("run", *PLAY, "--budget", "3", "--strategy", "clin", "--writer", "rules")
    assert made.returncode == 0, made.stderr
    names = ["memory.md", "memory.jsonl", "page.html", "curves.svg", "rows.csv", "rows.jsonl"]
    for name in names[:2]:
        assert clin("memory", "export", "r1", "--out", name).returncode == 0
    assert clin("report", "--html", names[2], "--svg", names[3]).returncode == 0
    for name in names[4:]:
        assert clin("report", "--rows", name).returncode == 0
    assert {name: mode(tmp_path / name) for name in names} == dict.fromkeys(names, 0o600)


def test_a_file_that_is_written_again_keeps_its_mode(tmp_path: Path) -> None:
    there = tmp_path / "page.html"
    there.write_text("before, and longer", encoding="utf-8")
    there.chmod(0o644)
    write_private(there, "now\n")
    assert there.read_bytes() == b"now\n"
    assert mode(there) == 0o644


def test_a_name_that_cannot_be_made_is_one_line(clin: Clin, tmp_path: Path) -> None:
    (tmp_path / "clin.db").symlink_to(tmp_path / "nowhere" / "clin.db")
    said = clin("run", *PLAY, "--model", "bundled")
    assert said.returncode == 2
    assert "cannot be written" in said.stderr
    assert "Traceback" not in said.stderr
