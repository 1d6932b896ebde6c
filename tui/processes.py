"""Runs that a person starts here: child processes of the same command line, so that neither can
take the other down."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from memory.processes import APART, INTERRUPTED, interrupt
from memory.sanitize import sanitized
from memory.store import Store
from memory.store.requests import ask


@dataclass
class Child:
    """A ``clin …`` process and what it has said on standard error."""

    words: tuple[str, ...]
    process: subprocess.Popen[bytes]
    said: IO[bytes]

    @property
    def title(self) -> str:
        return "clin " + " ".join(self.words[:2])

    @property
    def failed(self) -> bool:
        return self.process.returncode not in (0, *INTERRUPTED)

    @property
    def farewell(self) -> str:
        """Its last words: what went wrong, or how to go on."""
        self.said.seek(0)
        said = self.said.read().decode("utf-8", errors="replace")
        lines = [line for line in said.splitlines() if line.strip()]
        return sanitized(lines[-1]) if lines else f"ended with code {self.process.returncode}"


class Children:
    """The processes that this app started over ``db``."""

    def __init__(self, db: Path) -> None:
        self.db = db.absolute()
        self.running: list[Child] = []

    def start(self, words: Sequence[str]) -> Child:
        """Start ``clin WORDS`` on the same file. It goes on when the app is closed."""
        said = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the child
        process = subprocess.Popen(
            [sys.executable, "-m", "clin.cli", *words, "--db", str(self.db)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env={**os.environ, "PYTHONPATH": search_path(), "PYTHONIOENCODING": "utf-8"},
            **APART,
        )
        child = Child(tuple(words), process, said)
        self.running.append(child)
        return child

    def reap(self) -> list[Child]:
        """The children that have ended since the last call."""
        ended = [child for child in self.running if child.process.poll() is not None]
        self.running = [child for child in self.running if child not in ended]
        return ended

    def stop(self, run: str) -> None:
        """Ask ``run`` to end after its current step. Works for any process that plays it, ours or
        not."""
        with Store(self.db) as store:
            ask(store, run, "stop")

    def interrupt(self) -> int:
        """Send Ctrl-C to the children that are still at work; how many there were."""
        for child in self.running:
            interrupt(child.process)
        return len(self.running)


def search_path() -> str:
    """Where this program's own packages are found, for a child that starts elsewhere."""
    paths = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    return os.pathsep.join(filter(None, paths))
