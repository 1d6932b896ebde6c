"""The one door for text to the screen. Panes make it harmless as they lay it out
(:mod:`tui.marks`); here is what holds for all of them, whatever they forget."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from memory.sanitize import without_odd
from tui.marks import line


class Door(LineFilter):
    """Lets no line through with a character that a terminal would obey. These have no width, so the
    line keeps its own."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """``segments`` without such characters."""
        return [
            each
            if each.control or each.text.isprintable()
            else Segment(without_odd(each.text), each.style)
            for each in segments
        ]


def unmarked(text: str) -> str:
    """``text`` as one harmless line that Textual shows as it stands, where it reads markup (the
    command palette)."""
    return line(text).replace("[", "\\[")
