"""What things look like: a shape for every meaning, a colour on top of it, never a colour alone.

Colours are those of Okabe and Ito, which people with any colour vision can tell apart; shapes carry
the same meaning.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from memory.links import Hedge, Link, Relation
from memory.sanitize import sanitized

STATES = {
    "running": "▶ running",
    "paused": "‖ paused",
    "finished": "✓ finished",
    "interrupted": "! interrupted",
    "stopped": "■ stopped",
    "failed": "x failed",
}
ENDINGS = {
    "won": "✓ won",
    "lost": "x lost",
    "budget": "≡ budget",
    "stuck": "∞ stuck",
    "stopped": "■ stopped",
    "crashed": "! crashed",
}
_SHAPES = {Relation.NECESSARY: "■□", Relation.CONTRIBUTE: "▲△", Relation.NOT_CONTRIBUTE: "▼▽"}
_COLOURS = {
    Relation.NECESSARY: ("#56b4e9", "#0060a0"),
    Relation.CONTRIBUTE: ("#2fc99a", "#006b4f"),
    Relation.NOT_CONTRIBUTE: ("#e69f00", "#a34700"),
}
LEGEND = "■ necessary ▲ contributes ▼ does not; filled, ━ SHOULD hollow, ╌ MAY; * pinned"
_BARS = "▁▂▃▄▅▆▇█"
_PLAIN = Console()
"""Rich wants one to break lines; nothing is printed on it."""


def count_of_links(count: int) -> str:
    """ "1 link", "2 links"."""
    return f"{count} link" if count == 1 else f"{count} links"


def line(text: str) -> str:
    """Text of a world or a model as one harmless line."""
    return sanitized(" ".join(text.split()))


def plain(text: str) -> Text:
    """Text of a world or a model as harmless lines; never read as markup."""
    return Text(sanitized(text))


def fitted(text: str, width: int) -> str:
    """``text`` cut to ``width`` cells, with an ellipsis where something was cut."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    return set_cell_size(text, width - 1).rstrip() + "…"


def folded_to(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` cells, broken between words where that is possible."""
    lines = Text(text).wrap(_PLAIN, max(1, width))
    return [each.plain.rstrip() for each in lines] or [""]


def shape(link: Link) -> str:
    """■ necessary, ▲ contributes, ▼ does not contribute; hollow for MAY."""
    return _SHAPES[link.relation][link.hedge is not Hedge.SHOULD]


def colour(link: Link, dark: bool) -> str:
    return _COLOURS[link.relation][not dark]


def track(link: Link, width: int) -> str:
    """A stretch of a link's life: its shape, then a line that is broken while it is uncertain."""
    return shape(link) + ("━" if link.hedge is Hedge.SHOULD else "╌") * (width - 1)


def spark(scores: Sequence[float], width: int) -> str:
    """The last ``width`` scores as bars: -100 and below is the lowest, 100 the highest."""
    return "".join(bar(score) for score in scores[-width:])


def bar(score: float) -> str:
    """A score from -100 to 100 as a bar of one cell."""
    return _BARS[max(0, min(7, round((score + 100) / 200 * 7)))]


def gain(now: float, before: float) -> str:
    """A change in score with its sign; empty where there is none."""
    return f"{now - before:+.3g}" if now != before else ""
