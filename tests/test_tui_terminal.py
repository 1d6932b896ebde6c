"""The app on a real terminal (a pseudo-terminal of the system), in a process of its own."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import watched
from conftest import command, environment

WHILE = 60.0
"""Seconds that the app may take to show something."""


def read_until(terminal: int, true: Callable[[str], bool]) -> str:
    """What is written to ``terminal``, once that is enough."""
    seen, end = b"", time.monotonic() + WHILE
    while not true(seen.decode(errors="replace")):
        assert time.monotonic() < end, seen[-2000:]
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 65536)
    return seen.decode(errors="replace")


@pytest.mark.slow
@pytest.mark.parametrize("kept", [True, False], ids=["errors to a file", "errors to the terminal"])
def test_the_screen_is_drawn_on_the_terminal(tmp_path: Path, kept: bool) -> None:
    file, errors = watched.finished(tmp_path / "clin.db"), tmp_path / "errors.log"
    ours, theirs = pty.openpty()
    with errors.open("wb") as log:
        app = subprocess.Popen(
            command("watch", str(file)),
            stdin=theirs,
            stdout=theirs,
            stderr=log if kept else theirs,
            env=environment(TERM="xterm-256color"),
        )
    try:
        assert "find-living-thing" in read_until(ours, lambda seen: "find-living-thing" in seen)
        os.write(ours, b"q")
        read_until(ours, lambda seen: "\x1b[?1049l" in seen)  # the terminal is as it was before
        assert app.wait(timeout=WHILE) == 0
    finally:
        app.kill()
        app.wait()
        os.close(ours)
        os.close(theirs)
    assert errors.read_bytes() == b""
