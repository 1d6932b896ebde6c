"""For terminals that have no Unicode: every character as one of ASCII that says the same."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_SAME = {
    **dict(zip("■□▲△▼▽━╌─│┃░█▌▐▔▕▏▎▍▋▊▉", "#oAaVv=--||.#||-|||||||", strict=True)),
    **dict(zip("▁▂▃▄▅▆▇", "_.,-+*%", strict=True)),
    **dict(zip("✓∞≡▶‖●◆·…←→↑↓▾▸␣×–—‘’“”", "+8=>H*&.~<>^vv>_x--''\"\"", strict=True)),
}
_BOXES, _BRAILLE = range(0x2500, 0x2580), range(0x2801, 0x2900)
OTHER = "?"


class Plain(LineFilter):
    """Writes each line in ASCII, as wide as it was."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """``segments`` in ASCII."""
        return [
            each if each.control or each.text.isascii() else Segment(spelled(each.text), each.style)
            for each in segments
        ]


@lru_cache(maxsize=4096)
def spelled(text: str) -> str:
    """``text`` in ASCII, in as many cells."""
    return "".join(char if char.isascii() else _ascii(char) for char in text)


def _ascii(char: str) -> str:
    width = cell_len(char)
    if char in _SAME:
        return _SAME[char]
    if ord(char) in _BOXES:
        return "+"
    if ord(char) in _BRAILLE:
        return "*"
    base = unicodedata.normalize("NFKD", char)[0]
    return (base if base.isascii() and base.isprintable() else OTHER) * width
