"""Z-machine story files, looked at before an interpreter reads them."""

from __future__ import annotations

import os
from pathlib import Path

from worlds import WorldError

_HEADER = 64
_SCALE = {1: 2, 2: 2, 3: 2, 4: 4, 5: 4, 6: 8, 7: 8, 8: 8}
"""By version: what the length in the header counts (Z-machine standard 1.1, section 11.1.6)."""
KINDS = ".z1 to .z8"


def checked_story(path: object) -> Path:
    """The story file at ``path``, as an absolute path. WorldError where there is none, where it is
    of another kind, or where it is not whole (length and checksum of its header)."""
    found = Path(os.path.expanduser(str(path))).resolve()
    try:
        story = found.read_bytes()
    except OSError as error:
        raise WorldError(
            f"no story at '{path}' ({error.strerror}); game=PATH names a Z-machine file ({KINDS})"
        ) from None
    if story.startswith(b"Glul") or b"GLUL" in story[:64]:
        raise WorldError(
            f"'{path}' is a Glulx story, and no interpreter here plays these ({KINDS})"
        )
    if len(story) < _HEADER or story[0] not in _SCALE:
        raise WorldError(f"'{path}' is no Z-machine story ({KINDS})")
    length = int.from_bytes(story[26:28], "big") * _SCALE[story[0]]
    checksum = int.from_bytes(story[28:30], "big")
    if length > len(story):
        raise WorldError(f"'{path}' is cut off: {len(story)} bytes of {length}")
    if length and sum(story[_HEADER:length]) & 0xFFFF != checksum and checksum:
        raise WorldError(f"'{path}' is damaged: its checksum does not hold")
    return found
