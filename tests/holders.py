"""Processes that hold leases, for tests of who may write what."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from conftest import environment

from memory.processes import this

HOLD = """
import sys
from memory.store import Store
from memory.store.leases import take_cell
with Store(sys.argv[1]) as store:
    if sys.argv[2].startswith("r"):
        store.claim_run(sys.argv[2])
    else:
        take_cell(store, sys.argv[2], "the cell")
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(path: Path, what: str) -> Iterator[subprocess.Popen[str]]:
    """A live process that has taken the run ``what``, or the cell of that identity."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), what],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def change(path: Path, what: str, **columns: object) -> None:
    """Change columns of the lease of ``what`` behind everybody's back."""
    raw = sqlite3.connect(path)
    for column, value in columns.items():
        raw.execute(f"update leases set {column} = ? where what = ?", [value, what])
    raw.commit()
    raw.close()


def give_lease(path: Path, what: str, pid: int) -> None:
    """Let the lease of ``what`` be one of the live process ``pid`` of this machine."""
    change(path, what, token="another", pid=pid, began=psutil.Process(pid).create_time())


def keep(path: Path, what: str) -> None:
    """Let this process have the lease of ``what``, although no store is open."""
    now, me = time.time(), this()
    raw = sqlite3.connect(path)
    raw.execute(
        "insert or replace into leases values (?, 'kept', ?, ?, ?, ?, '2026-01-01T00:00:00', ?)",
        [what, me.host, me.machine, me.pid, me.began, now],
    )
    raw.commit()
    raw.close()
