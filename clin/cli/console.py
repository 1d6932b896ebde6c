"""Text with colours, and tables: the part of :mod:`clin.cli.terminal` that needs Rich, which is
imported when something is printed."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from memory.sanitize import harmless, sanitized

UNBOUNDED = 1_000_000
"""Columns where no terminal ends a line."""
BETWEEN = 2
"""Cells between two columns."""
WIDEST = 40
"""Cells of a column beyond which it is folded before another one goes."""


def console(*, stderr: bool = False, quiet: bool = False) -> Console:
    """Standard output or error, without guesses about what to highlight; brackets in a name are no
    markup, and control characters are made visible."""
    made = Console(
        stderr=stderr, quiet=quiet, highlight=False, markup=False, emoji=False, soft_wrap=True
    )
    made.push_render_hook(_Door())
    return made


def ansi(texts: Iterable[Text], width: int) -> str:
    """``texts`` as a terminal of ``width`` columns is sent them, with our own colours alone."""
    made = Console(
        file=io.StringIO(),
        force_terminal=True,
        color_system="standard",
        width=width,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},  # TERM and NO_COLOR are of the terminal at hand, not of this one
    )
    made.push_render_hook(_Door())
    with made.capture() as said:
        for text in texts:
            made.print(text)
    return said.get()


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Sequence[str] = (),
    least: Sequence[str] = (),
) -> None:
    """Print a table; the columns named in ``right`` hold numbers.

    In a pipe each row is one whole line. On a terminal that is too narrow those columns go that are
    named in ``least``, in that order, and what is still too wide is folded.
    """
    out = console()
    piped = not out.file.isatty()
    cells = [[_in_line(str(cell)) for cell in row] for row in rows]
    gone = [] if piped else _too_many(head, cells, least, out.width)
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for name in head:
        if name not in gone:
            side: Literal["left", "right"] = "right" if name in right else "left"
            made.add_column(name, justify=side, overflow="fold", no_wrap=piped)
    for row in cells:
        shown = zip(head, row, strict=True)
        made.add_row(*(Text(cell) for name, cell in shown if name not in gone))
    if piped:
        out.width = UNBOUNDED
    out.print(made, soft_wrap=False)
    if gone:
        out.print(f"(not shown for want of room: {', '.join(gone)})", style="dim")


def _in_line(text: str) -> str:
    """A cell in one line."""
    return sanitized(text).replace("\n", "\u240a").replace("\t", "\u2409")


def _too_many(
    head: Sequence[str], cells: Sequence[Sequence[str]], least: Sequence[str], width: int
) -> list[str]:
    """The columns that have no room in ``width`` cells."""
    columns = zip(head, *cells, strict=True)
    wanted = {column[0]: min(WIDEST, max(map(cell_len, column))) + BETWEEN for column in columns}
    gone: list[str] = []
    for name in least:
        if sum(wanted.values()) - BETWEEN > width:
            del wanted[name]
            gone.append(name)
    return gone


class _Door(RenderHook):
    """Lets a console print nothing that a terminal would obey."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Harmless(each) for each in renderables]


class _Harmless:
    """What is ``inside``, with control characters made visible. The console's own stay."""

    def __init__(self, inside: ConsoleRenderable) -> None:
        self._inside = inside

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._inside, options):
            if segment.control:
                yield segment
            else:
                yield Segment(harmless(segment.text), segment.style)
