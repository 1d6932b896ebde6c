"""Children on Windows. Ctrl-C cannot be sent to one process there; Ctrl-Break reaches a process
group. tests/test_processes.py reads this with a stand-in for the platform: it was not run on
Windows."""

from __future__ import annotations

import signal
import subprocess
from typing import Any

NEW_GROUP = 0x00000200
"""CREATE_NEW_PROCESS_GROUP of the Windows API; ``subprocess`` has the name on Windows alone."""
CONTROL_C_EXIT = 0xC000013A
"""STATUS_CONTROL_C_EXIT: how a process ends that did not handle Ctrl-C or Ctrl-Break."""
APART: dict[str, Any] = {"creationflags": NEW_GROUP}
"""As in :mod:`memory.processes.posix`."""
INTERRUPTED = (130, CONTROL_C_EXIT, CONTROL_C_EXIT - 2**32)
"""As in :mod:`memory.processes.posix`; Python has told that code with and without a sign."""


def interrupt(child: subprocess.Popen[bytes]) -> None:
    """Ask a child that was started ``APART`` to end: Ctrl-C does not reach a group of its own."""
    child.send_signal(getattr(signal, "CTRL_BREAK_EVENT", 1))


def signals() -> tuple[int, ...]:
    """The signals by which a person, or :func:`interrupt`, asks this process to end."""
    return signal.SIGINT, getattr(signal, "SIGBREAK", 21)
