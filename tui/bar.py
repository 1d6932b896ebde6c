"""A scroll bar of which only those rows are drawn anew in which its thumb begins or ends."""

from __future__ import annotations

from math import ceil

from textual.geometry import Region
from textual.scrollbar import ScrollBar

EIGHTHS = 8
"""Parts of a row in which Textual draws the ends of a thumb."""


def move(bar: ScrollBar, rows: int, position: float) -> None:
    """Show that ``rows`` stand in the pane, the first in view being ``position``. Textual itself
    draws all rows of the bar anew for that."""
    size, window = bar.size.height, bar.window_size
    before = thumb(size, bar.window_virtual_size, window, bar.position)
    bar.set_reactive(ScrollBar.window_virtual_size, rows)
    bar.set_reactive(ScrollBar.position, bar.validate_position(position))
    for first, last in changed(before, thumb(size, rows, window, bar.position)):
        bar.refresh(Region(0, first, bar.size.width, last - first + 1))


def thumb(size: int, rows: int, window: int, position: float) -> tuple[int, int]:
    """Where the thumb of a bar of ``size`` rows begins and ends, in eighths of a row, as Textual
    (8.2) draws it: ``window`` of ``rows`` are in view, from ``position`` on."""
    if not size or rows <= window:
        return 0, EIGHTHS * size
    length = max(1.0, window / (rows / size))
    begins = int((size - length) * position / (rows - window) * EIGHTHS)
    return begins, begins + ceil(length * EIGHTHS)


def changed(before: tuple[int, int], now: tuple[int, int]) -> list[tuple[int, int]]:
    """The rows of a bar, first and last, in which one thumb is not like another."""
    ends = [sorted(end // EIGHTHS for end in each) for each in zip(before, now, strict=True)]
    differ = [was != is_ for was, is_ in zip(before, now, strict=True)]
    return [(first, last) for (first, last), new in zip(ends, differ, strict=True) if new]
