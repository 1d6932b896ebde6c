"""Files that only their owner may read: databases and exports hold prompts, and what people said.

A file that is there already keeps its mode: somebody may have opened it to others on purpose.
"""

from __future__ import annotations

import os
from pathlib import Path

MODE = 0o600
"""Read and written by the owner alone. Windows has no such bits; there a folder's rights hold."""


def private(name: str, flags: int) -> int:
    """As ``opener`` of :func:`open`: a file that is made is its owner's."""
    return os.open(name, flags, MODE)


def write_private(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8, as ``Path.write_text`` does; OSError where it cannot be written."""
    with open(path, "w", encoding="utf-8", opener=private) as file:
        file.write(text)


def make_private(path: Path) -> None:
    """Make an empty file at ``path`` if there is none; OSError where that cannot be done."""
    os.close(private(str(path), os.O_RDWR | os.O_CREAT))
