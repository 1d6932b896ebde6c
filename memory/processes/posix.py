"""Children on Linux and macOS: Ctrl-C is the signal SIGINT."""

from __future__ import annotations

import signal
import subprocess
from typing import Any

APART: dict[str, Any] = {"start_new_session": True}
"""What ``subprocess.Popen`` is told for a child that Ctrl-C at our terminal is not to reach."""
INTERRUPTED = (130, -signal.SIGINT)
"""Exit codes of a child that was interrupted."""


def interrupt(child: subprocess.Popen[bytes]) -> None:
    """Ask a child that was started ``APART`` to end, as Ctrl-C does."""
    child.send_signal(signal.SIGINT)


def signals() -> tuple[int, ...]:
    """The signals by which a person asks this process to end."""
    return (signal.SIGINT,)
