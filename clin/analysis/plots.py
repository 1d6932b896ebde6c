"""The curves of a report as SVG: inside its HTML page, and as a file of its own that a Markdown
page can show."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clin.analysis.marks import mark
from clin.analysis.report import Row, arms
from clin.analysis.sequences import Lifelong, lifelong
from clin.analysis.statistics import Mean
from memory.sanitize import sanitized

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d1f", "#999999")
"""Okabe and Ito's colours, which most colour-blind readers tell apart; lines differ in their marks
too."""
PAGE_COLOURS = tuple(f"var(--curve-{number},{each})" for number, each in enumerate(COLOURS))
"""The same where the page's style may choose others, as it does in the dark."""
PAPER, INK, FAINT = "#ffffff", "#1f2328", "#c3cad1"
"""A file that is shown as an image is reached by no page's style, so it brings its own paper: dark
pages show it light."""
WIDE, HIGH = 780, 350
LEFT, RIGHT, TOP, BOTTOM = 52, 190, 38, 46
MOST_TICKS = 9
MOST_MARKS = 12
LONGEST_NAME = 24


@dataclass(frozen=True)
class Curve:
    """A line with a name: where its points lie on the x axis, and their means with intervals."""

    name: str
    points: tuple[tuple[float, Mean], ...]


@dataclass(frozen=True)
class Panel:
    """One plot. ``bands``: intervals as areas, for lines of many points; else a bar at each
    point."""

    title: str
    unit: str
    curves: tuple[Curve, ...]
    bands: bool = False

    @property
    def end(self) -> float:
        """The largest x, at least 1."""
        return max(1.0, *(x for curve in self.curves for x, _ in curve.points))


def panels(table: Sequence[Row]) -> list[Panel]:
    """What ``table`` has to draw: points over trials of plain runs, and over trials of learning in
    sequences."""
    drawn = []
    if single := [row for row in table if not row.stream]:
        curves = tuple(Curve(arm.name, tuple(enumerate(arm.curve))) for arm in arms(single))
        drawn.append(Panel("Mean points by trial, 95 % intervals", "trial", curves))
    if sequences := [strategy for strategy in lifelong(table) if strategy.curve]:
        drawn.append(_usefulness(sequences))
    return drawn


def _usefulness(sequences: Sequence[Lifelong]) -> Panel:
    """Over blocks where the runs that were learned from are not in the report."""
    known = all(any(strategy.learned) for strategy in sequences if len(strategy.curve) > 1)
    unit = "trials of learning" if known else "blocks of learning"
    curves = []
    for strategy in sequences:
        across = strategy.learned if known else range(len(strategy.curve))
        points = tuple(zip(across, strategy.curve, strict=False))
        curves.append(Curve(strategy.strategy, points))
    title = f"Mean points with the memory frozen, over {unit}, 95 % intervals"
    return Panel(title, unit, tuple(curves), bands=True)


def svg(drawn: Sequence[Panel], *, alone: bool = False) -> str:
    """The panels below each other, with colours of their own; ``alone``: as a file.

    A page may set its own ink and colours: the paper is of class ``paper`` and the grid of class
    ``axis``.
    """
    high, colours = HIGH * len(drawn), COLOURS if alone else PAGE_COLOURS
    groups = "".join(
        f'<g transform="translate(0 {HIGH * number})">{_panel(panel, colours)}</g>'
        for number, panel in enumerate(drawn)
    )
    titles = html.escape("; ".join(panel.title for panel in drawn))
    space = ' xmlns="http://www.w3.org/2000/svg"' if alone else ""
    return (
        f'<svg{space} viewBox="0 0 {WIDE} {high}" width="{WIDE}" height="{high}"'
        f' role="img" aria-label="{titles}" font-family="system-ui, sans-serif" font-size="12" '
        f'fill="{INK}">'
        f'<rect class="paper" width="{WIDE}" height="{high}" fill="{PAPER}"/>{groups}</svg>\n'
    )


@dataclass(frozen=True)
class Dot:
    """A point of a curve on the paper: ``y`` of its mean, ``low`` and ``high`` of the ends of its
    interval."""

    x: float
    y: float
    low: float
    high: float


def _x(number: float, end: float) -> float:
    return LEFT + number * (WIDE - LEFT - RIGHT) / end


def _y(points: float) -> float:
    return TOP + (100 - points) * (HIGH - TOP - BOTTOM) / 100


def _panel(panel: Panel, colours: Sequence[str]) -> str:
    """Lines lie over all intervals."""
    below, over = [_grid(panel)], []
    for index, curve in enumerate(panel.curves):
        colour, beside = colours[index % len(colours)], TOP + 18 * index
        dots = [
            Dot(_x(number, panel.end), _y(mean.mean), _y(mean.low), _y(mean.high))
            for number, mean in curve.points
        ]
        aside = 3 * (index - (len(panel.curves) - 1) / 2)
        below.append(_band(dots, colour) if panel.bands else _bars(dots, colour, aside))
        over.append(_line(dots, colour, index))
        over.append(mark(index, WIDE - RIGHT + 20, beside + 6, colour))
        over.append(f'<text x="{WIDE - RIGHT + 32}" y="{beside + 10}">{_name(curve.name)}</text>')
    return "".join(below + over)


def _grid(panel: Panel) -> str:
    """Title, axes and their units."""
    right = WIDE - RIGHT
    drawn = [f'<text x="{LEFT}" y="20" font-weight="600">{html.escape(panel.title)}</text>']
    for value in (0, 25, 50, 75, 100):
        y = _y(value)
        drawn.append(
            f'<line class="axis" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" '
            f'stroke="{FAINT}"/>'
        )
        drawn.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value}</text>')
    for value in ticks(panel.end):
        x = _x(value, panel.end)
        drawn.append(
            f'<text x="{x:.1f}" y="{HIGH - BOTTOM + 18}" text-anchor="middle">{value}</text>'
        )
    drawn.append(
        f'<text x="{(LEFT + right) / 2:.1f}" y="{HIGH - 10}" '
        f'text-anchor="middle">{html.escape(panel.unit)}</text>'
    )
    return "".join(drawn)


def _line(dots: Sequence[Dot], colour: str, index: int) -> str:
    every = -(-len(dots) // MOST_MARKS)
    marks = "".join(mark(index, dot.x, dot.y, colour) for dot in dots[::every])
    points = _points((dot.x, dot.y) for dot in dots)
    style = f'style="stroke:{colour}"'
    return f'<polyline points="{points}" fill="none" {style} stroke-width="2"/>{marks}'


def _band(dots: Sequence[Dot], colour: str) -> str:
    there = [(dot.x, dot.high) for dot in dots]
    back = [(dot.x, dot.low) for dot in reversed(dots)]
    return f'<polygon points="{_points(there + back)}" style="fill:{colour}" fill-opacity=".12"/>'


def _points(edge: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in edge)


def _bars(dots: Sequence[Dot], colour: str, aside: float) -> str:
    return "".join(
        f'<line x1="{dot.x + aside:.1f}" x2="{dot.x + aside:.1f}" y1="{dot.low:.1f}" '
        f'y2="{dot.high:.1f}" style="stroke:{colour}" stroke-opacity=".5"/>'
        for dot in dots
    )


def _name(name: str) -> str:
    shown = sanitized(name)
    return html.escape(shown if len(shown) <= LONGEST_NAME else f"{shown[: LONGEST_NAME - 1]}…")


def ticks(end: float) -> list[int]:
    """Whole numbers from 0 to ``end`` in steps of 1, 2 or 5 times a power of ten, as many as there
    is room for."""
    steps = (digit * 10**power for power in range(18) for digit in (1, 2, 5))
    step = next(step for step in steps if end / step < MOST_TICKS)
    return list(range(0, int(end) + 1, step))
