"""Tables in a pipe are whole lines; on a terminal the least telling columns go first."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import subprocess
from pathlib import Path

import pytest
import watched
from conftest import Clin, command, environment
from hostile import COLOUR

from clin.cli.console import table

LONG = "a-model-with-a-name-that-is-longer-than-any-terminal-is-wide-" * 3
pty = pytest.importorskip("pty", reason="Windows has no such terminals")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return watched.finished(tmp_path / "clin.db")


def on_terminal(folder: Path, columns: int, *words: str) -> list[str]:
    """What ``clin …`` prints on a terminal of so many columns."""
    import fcntl
    import termios

    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = environment(NO_COLOR="1", TERM="xterm")
    del env["COLUMNS"]
    child = subprocess.Popen(command(*words), stdout=its, stdin=its, cwd=folder, env=env)
    os.close(its)
    said = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # Linux says so when the other end is closed
            break
        if not part:
            break
        said += part
    os.close(ours)
    assert child.wait(timeout=60) == 0
    return COLOUR.sub("", said.decode()).replace("\r", "").splitlines()


@pytest.mark.parametrize("columns", ["20", "80", "160"])
def test_a_row_in_a_pipe_is_one_line(clin: Clin, file: Path, monkeypatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for words in (["runs"], ["memory", "list"], ["worlds", "scienceworld"], ["worlds"]):
        lines = clin(*words).stdout.splitlines()
        rows = lines[lines.index(next(line for line in lines if set(line) == {"─"})) + 1 :]
        assert rows
        assert not [line for line in rows if line.startswith(" ")], words
    [row] = [line for line in clin("runs").stdout.splitlines() if line.startswith("r2 ")]
    assert " ".join(row.split()) == (
        "r2 scienceworld find-living-thing 225 clin clin-5m finished 4/4 100 100 100 100"
    )


def test_a_long_name_in_a_pipe_is_not_cut(clin: Clin, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    with contextlib.redirect_stdout(io.StringIO()) as out:
        table(("run", "model"), [("r1", LONG), ("r2", "two\nlines")], least=("model",))
    lines = out.getvalue().splitlines()
    assert LONG in lines[2]
    assert lines[3].split() == ["r2", "two␊lines"]
    assert len(lines) == 4


def test_on_a_narrow_terminal_columns_go_by_priority(tmp_path: Path, file: Path) -> None:
    wide = on_terminal(tmp_path, 160, "runs")
    assert " ".join(wide[0].split()) == (
        "run world task variation strategy model state trials scores"
    )
    narrow = on_terminal(tmp_path, 80, "runs")
    assert " ".join(narrow[0].split()) == "run task strategy state scores"
    assert narrow[-1] == "(not shown for want of room: model, world, trials, variation)"
    assert max(map(len, narrow)) <= 80
    [row] = [line for line in narrow if line.startswith("r2 ")]
    assert "find-living-thing" in row
    assert len(narrow) == 2 + 3 + 1


def test_where_nothing_may_go_a_terminal_folds(tmp_path: Path, file: Path) -> None:
    lines = on_terminal(tmp_path, 60, "worlds")
    assert max(map(len, lines)) <= 60
    assert not [line for line in lines if "not shown" in line]
