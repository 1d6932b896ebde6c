"""Which code this is: the commit of the checkout that the package runs from."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

PACKAGE = Path(__file__).parent


@functools.cache
def commit() -> str:
    """The commit, as 12 digits; "-dirty" follows where tracked files differ from it. Empty for an
    installed package, which has no history: a repository further up is somebody else's."""
    top = _git("rev-parse", "--show-toplevel")
    if not top or Path(top) != PACKAGE.parent.resolve():
        return ""
    return _git("describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")


def _git(*words: str) -> str:
    """What git prints; empty where it fails or is missing."""
    try:
        done = subprocess.run(
            ["git", "-C", str(PACKAGE), *words],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
