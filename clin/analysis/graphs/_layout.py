"""Where nodes and edges lie: a layered drawing from left to right, by grandalf
(https://github.com/bdcht/grandalf, extra [figures]; Sugiyama's method with Brandes and Köpf's
coordinates).

The drawing grows from the goal backwards, so each cause stands right before what it is for. Each
connected part is drawn by itself, and the parts stand below each other.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from clin.errors import UserError
from memory.graph import Graph, Node

BESIDE, BETWEEN = 14, 170
"""Pixels between two nodes of a layer, and between two layers: there the words of edges stand."""
APART = 40
"""Pixels between two parts that no edge connects."""
ROUNDS = 4
Point = tuple[float, float]
Way = tuple[Point, ...]
Pair = tuple[Node, Node]


@dataclass
class Layout:
    """Centres of nodes; the points that an edge from one node to another goes through, its ends
    included; the extent of all. In pixels, from the top left. A way is known in both directions; an
    edge from a node to itself has none."""

    at: dict[Node, Point] = field(default_factory=dict)
    ways: dict[Pair, Way] = field(default_factory=dict)
    wide: float = 0.0
    high: float = 0.0


def laid_out(graph: Graph, sizes: Mapping[Node, Point]) -> Layout:
    """``graph`` with nodes of these ``sizes`` (width, height). UserError without grandalf."""
    try:
        from grandalf.graphs import Edge as Bond
        from grandalf.graphs import Graph as Bonds
        from grandalf.graphs import Vertex
        from grandalf.layouts import VertexViewer
        from grandalf.routing import EdgeViewer
    except ImportError:
        raise UserError(
            "svg and html need grandalf: pip install 'clin[figures]' (tree, mermaid and dot need "
            "nothing)"
        ) from None
    vertices = {node: Vertex(node) for node in graph.nodes}
    for node, vertex in vertices.items():
        wide, high = sizes[node]
        vertex.view = VertexViewer(w=high, h=wide)  # grandalf draws from the top down: x is our y
    bonds = [Bond(vertices[one], vertices[other]) for one, other in _acyclic(graph)]
    for bond in bonds:
        bond.view = EdgeViewer()
    with _deep(len(vertices) + len(bonds)):
        parts = [_drawn(part) for part in Bonds([*vertices.values()], bonds).C]
    return _stacked(parts)


def _drawn(part: Any) -> Layout:
    """A connected part by itself."""
    from grandalf.layouts import SugiyamaLayout

    drawing = SugiyamaLayout(part)
    drawing.xspace, drawing.yspace = BESIDE, BETWEEN
    drawing.init_all(inverted_edges=[])
    drawing.draw(ROUNDS)
    top = min(vertex.view.xy[0] - vertex.view.w / 2 for vertex in part.sV)
    bottom = max(vertex.view.xy[0] + vertex.view.w / 2 for vertex in part.sV)
    wide = max(vertex.view.xy[1] + vertex.view.h / 2 for vertex in part.sV)

    def turned(point: Point) -> Point:
        return wide - point[1], point[0] - top

    found = Layout(wide=wide, high=bottom - top)
    for vertex in part.sV:
        found.at[vertex.data] = turned(vertex.view.xy)
    for bond in part.sE:
        ends, way = (bond.v[0].data, bond.v[1].data), tuple(map(turned, bond.view._pts))
        found.ways[ends], found.ways[ends[::-1]] = way, way[::-1]
    return found


def _stacked(parts: list[Layout]) -> Layout:
    """The parts below each other, the goal's first, with their ends at the right in line."""
    whole = Layout(wide=max(part.wide for part in parts))
    ordered = sorted(parts, key=lambda part: min(node.number for node in part.at))
    for part in ordered:
        aside, below = whole.wide - part.wide, whole.high + (APART if whole.at else 0)
        whole.at |= {node: (x + aside, y + below) for node, (x, y) in part.at.items()}
        for ends, way in part.ways.items():
            whole.ways[ends] = tuple((x + aside, y + below) for x, y in way)
        whole.high = below + part.high
    return whole


def _acyclic(graph: Graph) -> Iterator[Pair]:
    """The pairs of nodes that an edge joins, each once, the effect first; turned round where the
    causes would go in a circle. A depth-first search that starts at the goal decides it."""
    takes: dict[Node, dict[Node, None]] = defaultdict(dict)
    takes[graph.goal] = dict.fromkeys(graph.whole)
    for edge in graph.edges:
        if edge.cause is not edge.effect:
            takes[edge.effect][edge.cause] = None
    seen: set[Node] = set()
    path: dict[Node, Iterator[Node]] = {}
    given: set[Pair] = set()
    for start in graph.nodes:
        if start in seen:
            continue
        path[start] = iter(takes[start])
        while path:
            here = next(reversed(path))
            seen.add(here)
            below = next(path[here], None)
            if below is None:
                del path[here]
                continue
            pair = (below, here) if below in path else (here, below)
            if pair not in given:
                given.add(pair)
                yield pair
            if below not in seen:
                path[below] = iter(takes[below])


@contextmanager
def _deep(nodes: int) -> Iterator[None]:
    """Room for grandalf, which places nodes by recursion over all that stand before one."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 1000 + 4 * nodes))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
