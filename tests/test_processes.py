"""Processes on both platforms; texts and paths that a machine's own encoding does not know.

What is Windows' own is tried with stand-ins: no Windows was at hand.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from conftest import command, environment

from memory import processes
from memory.processes import Process, running, this, windows


def test_this_process_runs_and_is_no_other() -> None:
    me = this()
    assert me.is_this and running(me) is True
    assert not Process(me.host, me.machine, me.pid, me.began - 60).is_this
    assert running(Process(me.host, me.machine, me.pid, me.began - 60)) is False
    assert running(Process(me.host, "another boot", me.pid, me.began)) is None


def test_a_process_that_may_not_be_asked_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(pid: int) -> None:
        raise psutil.AccessDenied(pid)

    me = this()
    monkeypatch.setattr(psutil, "Process", denied)
    assert running(me) is True and processes.alive(me.pid) and processes.may_be_clin(me.pid)


def test_a_child_that_is_started_apart_is_interrupted() -> None:
    # A shell starts what runs in the background with interrupts ignored, which children inherit.
    heard = "import signal, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{heard}\nprint('up', flush=True)\ntime.sleep(600)"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        **processes.APART,
    ) as child:
        assert child.stdout is not None and child.stdout.readline().strip() == b"up"
        processes.interrupt(child)
        assert child.wait(timeout=60) in processes.INTERRUPTED


class Child:
    """Remembers what is sent to it."""

    def __init__(self) -> None:
        self.sent: list[int] = []

    def send_signal(self, number: int) -> None:
        self.sent.append(number)


def test_on_windows_a_child_has_a_group_of_its_own_and_is_sent_ctrl_break(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signal, "CTRL_BREAK_EVENT", 1, raising=False)
    child = Child()
    windows.interrupt(child)  # type: ignore[arg-type]
    assert child.sent == [1] and windows.APART == {"creationflags": 0x200}
    assert windows.signals() == (signal.SIGINT, 21)
    assert 0xC000013A in windows.INTERRUPTED


# --- words and paths that a machine's own encoding does not know

SNOWMAN = "go to \u2603 and \U0001f600"


def child(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command(*words), capture_output=True, cwd=folder, env=environment(**more), check=False
    )


@pytest.fixture
def played(tmp_path: Path) -> tuple[Path, str]:
    """A folder, and in a folder below it, whose name has a space, a file with such a name."""
    (tmp_path / "dir with space").mkdir()
    (tmp_path / "sécond model.json").write_text('[{"pick": 1}]', encoding="utf-8")
    file = "dir with space/ñ \u2603.db"
    words = ("--world", "causal", "--task", "make", "--trials", "1", "--budget", "2")
    words += ("--model", "scripted:sécond model.json", "--writer", "rules", "--db", file)
    done = child(tmp_path, "run", *words, "--json", PYTHONIOENCODING="cp1252")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.decode("cp1252"))["run"] == "r1"
    assert (tmp_path / file).exists()
    added = f"{SNOWMAN} SHOULD BE NECESSARY to make progress"
    assert child(tmp_path, "memory", "add", "r1", added, "--db", file).returncode == 0
    return tmp_path, file


@pytest.mark.slow
def test_signs_that_a_pipe_has_no_code_for_are_question_marks_and_json_is_whole(
    played: tuple[Path, str],
) -> None:
    folder, file = played
    for words in (("memory", "show", "r1"), ("memory", "search", "go"), ("runs",), ("show", "r1")):
        done = child(folder, *words, "--db", file, PYTHONIOENCODING="cp1252")
        assert done.returncode == 0 and b"Traceback" not in done.stderr
        assert (b"go to ? and ?" in done.stdout) == (words[0] == "memory")
    done = child(folder, "memory", "show", "r1", "--db", file, "--json", PYTHONIOENCODING="cp1252")
    assert SNOWMAN in json.dumps(json.loads(done.stdout.decode("cp1252")), ensure_ascii=False)


@pytest.mark.slow
def test_an_error_about_such_a_name_is_one_line(played: tuple[Path, str]) -> None:
    folder, _ = played
    for encoding in ("cp1252", "cp1252:strict", "ascii:strict"):
        done = child(folder, "runs", "--db", "no \u2603.db", PYTHONIOENCODING=encoding)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
        assert done.stderr.startswith(b"Error: no database 'no ")


@pytest.mark.slow
def test_a_run_in_such_a_place_is_resumed_exported_and_reported(
    played: tuple[Path, str],
) -> None:
    folder, file = played
    at = ("--db", file)
    assert child(folder, "resume", "r1", *at).returncode == 0
    out = "dir with space/\u0438 notes.md"
    assert child(folder, "memory", "export", "r1", "--out", out, *at).returncode == 0
    assert SNOWMAN in (folder / out).read_text(encoding="utf-8")
    assert child(folder, "report", "--html", "dir with space/ñ.html", *at).returncode == 0
    shutil.copyfile(folder / file, folder / "ä ö.db")
    assert child(folder, "memory", "merge", "ä ö.db", file).returncode == 0
    assert child(folder, "memory", "check", "--db", "ä ö.db").returncode == 0
