"""Processes: which one this is, whether another one still runs, and how a child is started apart
and interrupted.

psutil knows most of it on every platform. What differs stands in a module per platform,
:mod:`memory.processes.posix` and :mod:`memory.processes.windows`. Nothing asks a process with
``os.kill(pid, 0)``: on Windows that ends it.
"""

from __future__ import annotations

import functools
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

if sys.platform == "win32":
    from memory.processes.windows import APART, INTERRUPTED, interrupt, signals
else:
    from memory.processes.posix import APART, INTERRUPTED, interrupt, signals

__all__ = [
    "APART",
    "INTERRUPTED",
    "Process",
    "alive",
    "interrupt",
    "may_be_clin",
    "running",
    "signals",
    "this",
]

TOLERANCE = 2.0
"""Seconds by which two readings of one process's start may differ: it is counted from the boot, and
the clock is set right now and then."""


@dataclass(frozen=True)
class Process:
    """A process that no other one is: ``host`` is its machine's name, ``machine`` one boot of it
    (with a namespace of process numbers), ``pid`` its number there, ``began`` when it started, in
    seconds since 1970."""

    host: str
    machine: str
    pid: int
    began: float

    @property
    def is_this(self) -> bool:
        """Whether it is the process that asks."""
        return self._same_as(this())

    def _same_as(self, other: Process) -> bool:
        return (self.machine, self.pid) == (other.machine, other.pid) and (
            abs(self.began - other.began) <= TOLERANCE
        )


def this() -> Process:
    """The process that asks."""
    return _numbered(os.getpid())


@functools.cache
def _numbered(pid: int) -> Process:
    return Process(platform.node(), _machine(), pid, psutil.Process(pid).create_time())


def running(process: Process) -> bool | None:
    """Whether ``process`` runs; None where that cannot be seen from here, since it is another
    machine's or another container's. A number that was given to a newer process says no."""
    if process.machine != _machine():
        return None
    try:
        found = psutil.Process(process.pid)
        if found.status() == psutil.STATUS_ZOMBIE:
            return False
        return bool(abs(found.create_time() - process.began) <= TOLERANCE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # it is there, and somebody else's
        return True


def alive(pid: int) -> bool:
    """Whether a process with this number runs on this machine.

    One that was killed and that nobody has asked after does not: in a container whose first process
    asks after none it stays listed for ever.
    """
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def may_be_clin(pid: int) -> bool:
    """Whether the live process with this number could be one of ours: a Python program."""
    try:
        found = psutil.Process(pid)
        return any(word in " ".join(found.cmdline()).lower() for word in ("python", "clin"))
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _machine() -> str:
    """One boot of this machine. On Linux the kernel names it, and containers see each other's
    processes only within one namespace. Elsewhere the name and the second of the boot stand for
    it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return f"{platform.node()} {psutil.boot_time():.0f}"
