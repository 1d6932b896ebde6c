"""Panes that are drawn row by row. Each row is drawn once, wherever it is scrolled to, and a row
more or less does not lay the screen out anew."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui import bar

Row = tuple[tuple[str, Style], ...]
"""A row from left to right: words, and a style on top of the pane's own."""
KEPT_ROWS = 1000
"""Drawn rows that a pane keeps at most."""


class Lines(ScrollView, can_focus=True):
    """A pane whose ``row`` says what stands in each of its rows."""

    DEFAULT_CSS = "Lines { overflow-x: hidden; }"

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._base = Style()
        self._strips: dict[tuple[Row, Style, int, int], Strip] = {}
        self._title = ""

    def row(self, row: int) -> Row:
        """What stands in ``row``, from 0, scrolled or not; nothing below the last one."""
        raise NotImplementedError

    def set_height(self, rows: int) -> None:
        """There are so many ``rows``. Textual lays the screen out anew at each change of a virtual
        size; that is needed only where the scroll bar comes or goes."""
        size = Size(self.size.width, rows)
        scrolls = rows > self.container_size.height
        if not self.container_size or scrolls != self.show_vertical_scrollbar:
            self.virtual_size = size
            return
        self.set_reactive(Lines.virtual_size, size)
        self.scroll_y = self.validate_scroll_y(self.scroll_y)
        if scrolls:
            bar.move(self.vertical_scrollbar, rows, self.scroll_y)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        if self.show_vertical_scrollbar:
            bar.move(self.vertical_scrollbar, self.virtual_size.height, new_value)
        if round(old_value) != round(new_value):
            self.refresh(self.size.region)

    def refresh_changed(self, before: Sequence[Row], now: Sequence[Row]) -> None:
        """Draw those rows in view that are not as they were ``before``."""
        top = self.scroll_offset.y
        for row in range(top, top + self.content_size.height):
            if before[row : row + 1] != now[row : row + 1]:
                self.refresh_line(row)

    def entitle(self, title: str) -> None:
        """Write ``title`` into the border; Textual draws all of the pane anew for that."""
        if title != self._title:
            self._title, self.border_title = title, Text(title)

    def notify_style_update(self) -> None:
        self._strips.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        row, base = self.row(y + self.scroll_offset.y), self._base
        strip = Strip([Segment(text, base + style) for text, style in row])
        return strip.adjust_cell_length(self.scrollable_content_region.width, base)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Rows that were drawn before are taken as they are, with what Textual has worked out for
        them since."""
        self._base = self.rich_style
        if len(self._strips) > KEPT_ROWS:
            self._strips.clear()
        return [self._strip(y, crop) for y in crop.line_range]

    def _strip(self, y: int, crop: Region) -> Strip:
        line = Region(crop.x, y, crop.width, 1)
        content = y - self.gutter.top
        if not 0 <= content < self.content_size.height:  # its border
            [strip] = super().render_lines(line)
            return strip
        key = self.row(content + self.scroll_offset.y), self._base, crop.x, crop.width
        if key not in self._strips:
            [self._strips[key]] = super().render_lines(line)
        return self._strips[key]
