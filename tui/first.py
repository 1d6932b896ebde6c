"""Whether a person opens the terminal UI for the first time."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def first_time() -> bool:
    """Whether it was never asked before on this account. Where nothing can be kept, it is always
    the first time."""
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    mark = Path(home) / "clin" / "watched"
    if mark.exists():
        return False
    with suppress(OSError):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    return True
