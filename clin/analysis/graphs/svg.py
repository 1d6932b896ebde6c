"""The graph as an SVG file that stands by itself: no script, nothing fetched."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from rich.cells import cell_len

from clin.analysis.graphs._labels import CHANGED, edge_words, node_lines, one_line, sentence
from clin.analysis.graphs._layout import Point, laid_out
from clin.analysis.graphs._ports import joined, least_heights, routes
from clin.analysis.graphs.mermaid import COLOURS
from memory.graph import Edge, Graph, Kind, Node
from memory.links import Hedge, Relation

ENDING = ".svg"
COLUMN, LINE, PAD = 6.7, 15, 9
"""Pixels that a column and a line of text take, and between a text and its box."""
MARGIN, TOP, LEGEND = 24, 56, 640
INK, PAPER, FAINT = "#1f2328", "#ffffff", "#8c959f"
SHADES = {
    Relation.NECESSARY: "#0072b2",
    Relation.CONTRIBUTE: "#007a5a",
    Relation.NOT_CONTRIBUTE: "#c14f00",
}
"""The head of an arrow says the same."""
HEADS = {
    Relation.NECESSARY: ("M-10,-5 L0,0 L-10,5 Z", "necessary"),
    Relation.CONTRIBUTE: ("M-10,-5 L0,0 L-10,5", "contributes"),
    Relation.NOT_CONTRIBUTE: ("M-2,-7 L-2,7 M-6,-7 L-6,7", "does not contribute"),
}


def written(graph: Graph) -> str:
    """``graph`` as a file."""
    return drawn(graph, ' xmlns="http://www.w3.org/2000/svg"')


def drawn(graph: Graph, space: str = "") -> str:
    """``graph`` as an ``svg`` element. A page may set its own ink and paper, by the classes
    ``ink`` and ``paper``."""
    texts = {node: node_lines(node) for node in graph.nodes}
    lines = joined(graph)
    least = least_heights(lines)
    sizes = {node: _size(words, least[node]) for node, words in texts.items()}
    layout = laid_out(graph, sizes)
    tops = {node: (x, y - sizes[node][1] / 2) for node, (x, y) in layout.at.items()}
    edges = "".join(_edges(graph, routes(lines, layout, sizes), tops))
    nodes = "".join(_node(node, layout.at[node], sizes[node], texts[node]) for node in graph.nodes)
    wide, high = max(layout.wide, LEGEND) + 2 * MARGIN, layout.high + TOP + MARGIN
    name = html.escape(one_line(graph.goal.label))
    return (
        f'<svg{space} viewBox="0 0 {wide:.0f} {high:.0f}" width="{wide:.0f}" height="{high:.0f}" '
        f'role="img" aria-label="{name}" font-family="system-ui, sans-serif" font-size="12" '
        f'fill="{INK}" class="ink"><rect class="paper" width="{wide:.0f}" height="{high:.0f}" '
        f'fill="{PAPER}"/>{_legend(graph)}<g transform="translate({MARGIN} {TOP})">'
        f"{edges}{nodes}</g></svg>\n"
    )


def _size(lines: Sequence[str], least: float) -> Point:
    """Width and height of a box around ``lines``, of a ``least`` height."""
    high = max(len(lines) * LINE + 2 * PAD, least)
    return max(map(cell_len, lines)) * COLUMN + 2 * PAD, high


def _node(node: Node, at: Point, size: Point, lines: Sequence[str]) -> str:
    (x, y), (wide, high) = at, size
    round_, thick = {Kind.GOAL: (17, 2.5), Kind.WHOLE: (9, 2), Kind.EVENT: (0, 1)}[node.kind]
    first = y - (len(lines) - 1) * LINE / 2 + 4
    words = "".join(
        f'<tspan x="{x:.1f}" y="{first + LINE * number:.1f}">{html.escape(line)}</tspan>'
        for number, line in enumerate(lines)
    )
    return (
        f"<g><title>{html.escape(one_line(node.label))}</title>"
        f'<rect class="paper edge" x="{x - wide / 2:.1f}" y="{y - high / 2:.1f}" '
        f'width="{wide:.1f}" height="{high:.1f}" rx="{round_:.0f}" fill="{PAPER}" '
        f'stroke="{FAINT}" stroke-width="{thick}"/><text text-anchor="middle">{words}</text></g>'
    )


def _edges(graph: Graph, ways: Sequence[list[Point]], tops: Mapping[Node, Point]) -> Iterator[str]:
    """All edges, by the ways of :func:`joined`: those from the parts of the goal to it are bare
    lines."""
    for points in ways[len(graph.edges) :]:
        yield f'<path d="{_curve(points)}" fill="none" stroke="{FAINT}" stroke-width="2.5"/>'
    for edge, points in zip(graph.edges, ways, strict=False):
        x, y = tops[edge.cause]
        yield _edge(edge, points) if points else _loop(edge, x, y)


def _edge(edge: Edge, points: Sequence[Point]) -> str:
    (x, y), forward = points[0], points[0][0] < points[1][0]
    at = (x + 6, y - 3, "start") if forward else (x - 6, y - 3, "end")
    return _stroke(edge, _curve(points), (*points[-1], 0 if forward else 180), at)


def _loop(edge: Edge, x: float, y: float) -> str:
    """An edge from a node to itself, over the middle of its upper side."""
    path = f"M{x - 14:.1f},{y:.1f} c0,-26 28,-26 28,0"
    return _stroke(edge, path, (x + 14, y, 90), (x + 22, y - 6, "start"))


def _stroke(
    edge: Edge, path: str, end: tuple[float, float, float], at: tuple[float, float, str]
) -> str:
    """An edge along ``path``, with its head at ``end`` (x, y, degrees) and its words at ``at``."""
    colour = COLOURS.get(edge.mark, SHADES[edge.link.relation])
    thick = 2.6 if edge.mark in COLOURS else 1.5
    return (
        f"<g><title>{html.escape(sentence(edge))}</title>"
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{thick}"'
        f"{_dashes(edge.link.hedge)}/>{_head(edge.link.relation, *end, colour)}"
        f'<text class="halo" x="{at[0]:.1f}" y="{at[1]:.1f}" text-anchor="{at[2]}" '
        f'font-size="10" stroke="{PAPER}" stroke-width="3" paint-order="stroke">'
        f"{html.escape(edge_words(edge))}</text></g>"
    )


def _dashes(hedge: Hedge) -> str:
    return "" if hedge is Hedge.SHOULD else ' stroke-dasharray="6 4"'


def _head(relation: Relation, x: float, y: float, angle: float, colour: str) -> str:
    fill = colour if relation is Relation.NECESSARY else "none"
    return (
        f'<path d="{HEADS[relation][0]}" transform="translate({x:.1f} {y:.1f}) rotate({angle:.0f})"'
        f' fill="{fill}" stroke="{colour}" stroke-width="1.8"/>'
    )


def _curve(points: Sequence[Point]) -> str:
    """A path that leaves and meets every point level."""
    drawn = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        half = (to_x - x) / 2
        drawn.append(f"C{x + half:.1f},{y:.1f} {to_x - half:.1f},{to_y:.1f} {to_x:.1f},{to_y:.1f}")
    return " ".join(drawn)


def _legend(graph: Graph) -> str:
    """What heads, lines and colours mean, on top."""
    drawn, x = [], MARGIN
    for relation, (_, word) in HEADS.items():
        colour = SHADES[relation]
        drawn.append(
            f'<path d="M{x},20 h34" stroke="{colour}" stroke-width="1.5"/>'
            f'{_head(relation, x + 34, 20, 0, colour)}<text x="{x + 42}" y="24">{word}</text>'
        )
        x += 60 + round(len(word) * COLUMN)
    for hedge in (Hedge.SHOULD, Hedge.MAY):
        drawn.append(
            f'<path d="M{x},20 h34" stroke="{FAINT}" stroke-width="2"{_dashes(hedge)}/>'
            f'<text x="{x + 42}" y="24">{hedge}</text>'
        )
        x += 110
    if graph.compared:
        words = "".join(
            f'<tspan fill="{COLOURS[mark]}" dx="12">{word}</tspan>'
            for mark, word in CHANGED.items()
        )
        drawn.append(f'<text x="{MARGIN - 12}" y="44" font-weight="600">{words}</text>')
    return "".join(drawn)
