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
from memory.lives import Life
from memory.sanitize import sanitized
from tui.marks import bar, colour, fitted, track

HEAD = 3
"""Rows above the links: the curve, its figures, the versions."""
CAPTIONS = ("score of the trial", "", "← after trial (s: start, p: a person's)")
"""What the rows of the head are, said at their right."""
WIDEST = 7

Cells = list[tuple[str, Style]]
"""A line as it is drawn, from left to right."""


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
        # The head stays where it is while the links scroll under it.
        row = y - HEAD + self.scroll_offset.y
        cells: Cells = []
        if y < HEAD:
            cells = self._head(y)
        elif row < len(self.lives):
            cells = self._life(row)
        base = self.rich_style
        strip = Strip([Segment(text, base + style) for text, style in cells])
        return strip.adjust_cell_length(self.size.width, base)

    def _head(self, y: int) -> Cells:
        first, last, cell = self._window()
        if y == 0:
            cells = [(self._bar(index, cell), Style(dim=False)) for index in range(first, last)]
        elif y == 1:
            cells = [(self._figure(index, cell), Style(dim=True)) for index in range(first, last)]
        else:
            cells = [self._version(index, cell) for index in range(first, last)]
        return [*cells, (f" {CAPTIONS[y]}", Style(dim=True))]

    def _bar(self, index: int, cell: int) -> str:
        score = self.scores[index]
        text = "" if score is None else bar(score) * max(1, cell - 1)
        return text.ljust(cell)

    def _figure(self, index: int, cell: int) -> str:
        """The score in figures, where there is room for them."""
        score = self.scores[index]
        text = "" if score is None else f"{score:.4g}"
        return (text if len(text) < cell else "").ljust(cell)

    def _version(self, index: int, cell: int) -> tuple[str, Style]:
        mark = "*" if index == self.marked else ""
        text = (mark + self.labels[index])[:cell].ljust(cell)
        return text, Style(reverse=index == self.version, bold=True)

    def _life(self, row: int) -> Cells:
        first, last, cell = self._window()
        life, dark = self.lives[row], self.app.current_theme.dark
        cells: Cells = []
        for index in range(first, last):
            form = life.forms[index]
            if form is None:
                cells.append(("·".ljust(cell), Style(dim=True)))
            else:
                here = Style(underline=index == self.version)
                cells.append((track(form, cell), Style(color=colour(form, dark)) + here))
        on = row == self.link
        cells.append(("▌" if on else " ", Style(bold=True)))
        held = life.forms[self.version] is not None
        dim, reverse = not held and not on, on and self.has_focus
        words = fitted(self._words(life), self._width - (last - first) * cell - 1)
        return [*cells, (words, Style(bold=on, dim=dim, reverse=reverse, strike=False))]

    def _words(self, life: Life) -> str:
        held = life.forms[self.version]
        pin = "* " if (held or life.link) in self.pinned else ""
        if held is None:
            return f"{pin}{sanitized(str(life.upto(self.version)))}  (not held)"
        return f"{pin}{sanitized(str(held))}"

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
