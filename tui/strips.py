"""Links as strips over the versions of a memory, under the learning curve; rows and columns have a
cursor."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from memory.links import Link
from memory.sanitize import sanitized
from tui.lives import Life
from tui.marks import bar, colour, fitted, track

HEAD = 3
"""Rows above the links: the curve, its figures, the versions."""
WIDEST = 7


class Strips(ScrollView, can_focus=True):
    """``show`` gives it labels and scores per version and a :class:`Life` per link."""

    class Moved(Message):
        """Another link or version is under the cursor."""

    class Chosen(Message):
        """Enter was pressed on a link."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "link(-1)", "Link up", show=False),
        Binding("down,j", "link(1)", "Link down", show=False),
        Binding("left,h", "version(-1)", "Version", key_display="←→", tooltip="The version before"),
        Binding("right,l", "version(1)", "Next version", show=False, tooltip="The version after"),
        Binding("home", "edge(0)", "First", show=False, tooltip="The first version"),
        Binding("end", "edge(1)", "Last", show=False, tooltip="The last version"),
        Binding(
            "enter",
            "choose",
            "Evidence",
            tooltip="The steps in which this link's cause and effect were seen",
        ),
    ]
    DEFAULT_CSS = "Strips { overflow-x: hidden; }"

    def __init__(self) -> None:
        super().__init__()
        self.labels: Sequence[str] = ()
        self.scores: Sequence[float | None] = ()
        self.lives: Sequence[Life] = ()
        self.link, self.version = 0, 0
        self.marked: int | None = None
        self.pinned: Collection[Link] = ()

    def show(
        self,
        labels: Sequence[str],
        scores: Sequence[float | None],
        lives: Sequence[Life],
        pinned: Collection[Link],
        *,
        last: bool,
    ) -> None:
        """Other versions or links; with ``last`` the cursor goes to the last version."""
        self.pinned = pinned
        self.labels, self.scores, self.lives = labels, scores, lives
        self.version = len(labels) - 1 if last else max(0, min(self.version, len(labels) - 1))
        self.link = max(0, min(self.link, len(lives) - 1))
        self.virtual_size = Size(0, HEAD + len(lives))
        self.refresh()
        self.post_message(self.Moved())

    # --- drawing

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    def _window(self) -> tuple[int, int, int]:
        """First and last version in view, and the cells of each."""
        room = max(12, self._width * 2 // 5)
        cell = max(1, min(WIDEST, room // max(1, len(self.labels))))
        shown = min(len(self.labels), room // cell)
        first = max(0, min(self.version - shown + 1 + shown // 4, len(self.labels) - shown))
        return first, first + shown, cell

    def render_line(self, y: int) -> Strip:
        if not self.labels:
            return Strip.blank(self._width, self.rich_style)
        first, last, cell = self._window()
        # The head stays where it is while the links scroll under it.
        if y < HEAD:
            segments = self._head(y, first, last, cell)
        else:
            row = y - HEAD + self.scroll_offset.y
            segments = self._life(row, first, last, cell) if row < len(self.lives) else []
        base = self.rich_style
        return Strip([Segment(text, base + style) for text, style in segments]).adjust_cell_length(
            self.size.width, base
        )

    def _head(self, y: int, first: int, last: int, cell: int) -> list[tuple[str, Style]]:
        made: list[tuple[str, Style]] = []
        for index in range(first, last):
            score, on = self.scores[index], Style(reverse=index == self.version, bold=True)
            figure = "" if score is None else f"{score:.4g}"
            text = (
                bar(score) * max(1, cell - 1) if score is not None else "",
                figure if len(figure) < cell else "",
                self.labels[index],
            )[y]
            text = text[:cell].ljust(cell)
            if index == self.marked and y == 2:
                text = ("*" + text)[:cell]
            made.append((text, on if y == 2 else Style(dim=y == 1)))
        return [
            *made,
            (
                " " + ("score of the trial", "", "← after trial (s: start, p: a person's)")[y],
                Style(dim=True),
            ),
        ]

    def _life(self, row: int, first: int, last: int, cell: int) -> list[tuple[str, Style]]:
        life, dark = self.lives[row], self.app.current_theme.dark
        made: list[tuple[str, Style]] = []
        for index in range(first, last):
            form = life.forms[index]
            here = Style(underline=index == self.version)
            made.append(
                (track(form, cell), Style(color=colour(form, dark)) + here)
                if form
                else ("·".ljust(cell), Style(dim=True))
            )
        held = life.forms[self.version]
        on = row == self.link
        style = Style(
            bold=on, dim=held is None and not on, reverse=on and self.has_focus, strike=False
        )
        pin = "* " if (held or life.link) in self.pinned else ""
        words = (
            pin + sanitized(str(held or life.upto(self.version))) + ("" if held else "  (not held)")
        )
        return [
            *made,
            ("▌" if on else " ", Style(bold=True)),
            (fitted(words, self._width - (last - first) * cell - 1), style),
        ]

    # --- moving

    def _moved(self) -> None:
        height = self.size.height - HEAD
        if self.link < self.scroll_offset.y:
            self.scroll_to(y=self.link, animate=False, force=True)
        elif self.link >= self.scroll_offset.y + height:
            self.scroll_to(y=self.link - height + 1, animate=False, force=True)
        self.refresh()
        self.post_message(self.Moved())

    def action_link(self, by: int) -> None:
        self.link = max(0, min(self.link + by, len(self.lives) - 1))
        self._moved()

    def action_version(self, by: int) -> None:
        self.version = max(0, min(self.version + by, len(self.labels) - 1))
        self._moved()

    def action_edge(self, end: int) -> None:
        self.version = len(self.labels) - 1 if end else 0
        self._moved()

    def action_choose(self) -> None:
        if self.lives:
            self.post_message(self.Chosen())
