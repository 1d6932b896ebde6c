"""Where edges leave boxes and arrive: each at a place of its own on the side of the box, in the
order in which they come, so that no two lines or heads of arrows lie on each other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clin.analysis.graphs._layout import Layout, Point
from memory.graph import Graph, Node

PORT = 13
"""Pixels between two edges at one side of a box."""
Ends = tuple[Node, Node]
Side = tuple[Node, int]
"""The left (-1) or right (1) side of a node."""


def joined(graph: Graph) -> list[Ends]:
    """What is drawn as a line, from cause to effect: each edge in order, then the parts of the goal
    to the goal."""
    edges = [(edge.cause, edge.effect) for edge in graph.edges]
    return [*edges, *((node, graph.goal) for node in graph.whole)]


def least_heights(lines: Sequence[Ends]) -> Counter[Node]:
    """The height in pixels at which a node has room for all its edges."""
    leaving, coming = Counter(cause for cause, _ in lines), Counter(each for _, each in lines)
    most = leaving | coming
    return Counter({node: count * PORT for node, count in most.items()})


@dataclass
class _Line:
    """A line under way: its two sides, and the inner points of its way."""

    sides: tuple[Side, Side]
    inner: Sequence[Point]
    ends: list[Point]


def routes(lines: Sequence[Ends], layout: Layout, sizes: Mapping[Node, Point]) -> list[list[Point]]:
    """The points of each line, from the side of one box to the side of the other; none for a line
    from a node to itself."""
    begun = [None if cause is effect else _line(cause, effect, layout) for cause, effect in lines]
    at: dict[Side, list[tuple[float, int, int]]] = defaultdict(list)
    for number, line in enumerate(begun):
        if line is not None:
            for end in (0, 1):
                beside = line.inner[-end] if line.inner else line.ends[1 - end]
                at[line.sides[end]].append((beside[1], number, end))
    for (node, way), coming in at.items():
        (x, y), (wide, _) = layout.at[node], sizes[node]
        for place, (_, number, end) in enumerate(sorted(coming)):
            line = begun[number]
            assert line is not None
            line.ends[end] = x + way * wide / 2, y + (place - (len(coming) - 1) / 2) * PORT
    return [[] if each is None else [each.ends[0], *each.inner, each.ends[1]] for each in begun]


def _line(cause: Node, effect: Node, layout: Layout) -> _Line:
    here, there = layout.at[cause], layout.at[effect]
    way = 1 if here[0] < there[0] else -1
    sides = ((cause, way), (effect, -way))
    return _Line(sides, layout.ways[cause, effect][1:-1], [here, there])
