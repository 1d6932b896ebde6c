"""The pane of the memory as it stands beside a trial; the links that the step under the cursor has
to do with light up."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType

from memory.links import Link
from tui.holdings import Held, Holding
from tui.lines import Lines, Row
from tui.marks import colour, folded_to, line, shape

GUTTER = 7
"""Cells before the words of a link: lit, mark, number, shape."""
BLINKS = 6
"""How often what a revision changed is turned on and off when the revision is stored."""
BLINK_SECONDS = 0.3
_GONE = Style(strike=True, dim=True)


class HeldPane(Lines):
    """``show`` gives it a memory, ``light`` the links that a step has to do with."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
        Binding("enter", "screen.memory", "Memory", show=False, tooltip="How the memory evolved"),
    ]

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.held, self.lit, self.nothing = Held(), dict[Link, str](), ""
        self._rows: list[Row] = []
        self._blinks = 0
        self._tops: dict[Link, int] = {}

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda theme: self._lay_out())

    def show(self, held: Held, nothing: str) -> None:
        """Another memory; ``nothing`` says why there is none."""
        self.held, self.lit, self.nothing = held, {}, nothing
        self.scroll_to(y=0, animate=False, force=True)
        self._lay_out()

    def light(self, lit: Mapping[Link, str]) -> None:
        """Light up these links, each with a word that says why, and bring the first into view."""
        if dict(lit) == self.lit:
            return
        self.lit = dict(lit)
        self._lay_out()
        tops = [self._tops[link] for link in self.lit if link in self._tops]
        top, height = min(tops, default=0), self.scrollable_content_region.height
        if tops and not self.scroll_offset.y <= top < self.scroll_offset.y + height:
            self.scroll_to(y=top, animate=False, force=True)

    def blink(self) -> None:
        """Let the links that the latest revision changed blink, once, unless the person wants no
        animation (TEXTUAL_ANIMATIONS=none)."""
        if self.app.animation_level == "none" or not self.held.changes:
            return
        if not self._blinks:
            self._blinks = BLINKS
            self._blink()

    def _blink(self) -> None:
        self._blinks -= 1
        self._lay_out()
        if self._blinks:
            self.set_timer(BLINK_SECONDS, self._blink)

    @property
    def rows(self) -> int:
        """How many rows it would fill."""
        return len(self._rows)

    def on_resize(self) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        width, dark = max(20, self.scrollable_content_region.width), self.app.current_theme.dark
        before, rows, self._tops = self._rows, list[Row](), {}
        for each in self.held.holdings:
            self._tops[each.link] = len(rows)
            blinks = self._blinks % 2 == 1 and bool(each.mark)
            rows += _rows(each, self.lit.get(each.link, ""), width, dark, blinks)
        for note in self.held.notes:
            lines = folded_to(f"note: {line(note)}", width - 2)
            rows += [((f"  {text}", Style()),) for text in lines]
        if not rows:
            lines = folded_to(self.nothing, width - 2)
            rows = [((f"  {text}", Style(dim=True)),) for text in lines]
        self._rows = rows
        self.set_height(len(rows))
        self.refresh_changed(before, rows)

    def row(self, row: int) -> Row:
        return self._rows[row] if row < len(self._rows) else ()


@lru_cache(maxsize=1024)
def _rows(each: Holding, why: str, width: int, dark: bool, blinks: bool) -> tuple[Row, ...]:
    """A link in as many rows as its words need."""
    said = f"{line(str(each.link))}{f'  ← {why}' if why else ''}"
    style = _GONE if each.mark == "-" else Style(bold=bool(why or each.mark))
    style += Style(reverse=blinks)
    bar = ("▌" if why else " ", Style(bold=True))
    number = str(each.number) if each.number else ""
    mark = f"{each.mark:1}{number:>3} ", Style(bold=bool(each.mark))
    head: Row = (bar, mark, (f"{shape(each.link)} ", Style(color=colour(each.link, dark))))
    below: Row = (bar, (" " * GUTTER, Style()))
    lines = folded_to(said, width - GUTTER - 1)
    return tuple((*(below if row else head), (text, style)) for row, text in enumerate(lines))
