"""The graph as Mermaid, which GitHub and others render in a Markdown page
(https://mermaid.js.org/syntax/flowchart.html)."""

from __future__ import annotations

from collections.abc import Sequence

from clin.analysis.graphs._labels import edge_words, in_lines, node_lines
from memory.graph import Edge, Graph, Kind, Mark, Node
from memory.links import Hedge, Relation

ENDING = ".mmd"
SHAPES = {Kind.GOAL: ("([", "])"), Kind.WHOLE: ("(", ")"), Kind.EVENT: ("[", "]")}
HEADS = {Relation.NECESSARY: ">", Relation.CONTRIBUTE: "o", Relation.NOT_CONTRIBUTE: "x"}
COLOURS = {
    Mark.ADDED: "#009e73",
    Mark.STRONGER: "#0072b2",
    Mark.WEAKER: "#e69f00",
    Mark.TURNED: "#cc79a7",
    Mark.GONE: "#999999",
}
_PLAIN = frozenset(" ,.'()-/:+")


def written(graph: Graph) -> str:
    """``graph`` as a flowchart from left to right. An arrow is necessary, a circle contributes, a
    cross does not; a dotted line is MAY."""
    lines = ["flowchart LR"]
    lines += [f"    {_node(node)}" for node in graph.nodes]
    lines += [f"    {_edge(edge)}" for edge in graph.edges]
    lines += [f"    n{node.number} ==> n{graph.goal.number}" for node in graph.whole]
    for number, edge in enumerate(graph.edges):
        if edge.mark in COLOURS:
            lines.append(f"    linkStyle {number} stroke:{COLOURS[edge.mark]},stroke-width:3px")
    return "\n".join(lines) + "\n"


def _node(node: Node) -> str:
    before, after = SHAPES[node.kind]
    return f"n{node.number}{before}{_quoted(node_lines(node))}{after}"


def _edge(edge: Edge) -> str:
    line = "--" if edge.link.hedge is Hedge.SHOULD else "-.-"
    words = edge_words(edge)
    label = f"|{_quoted(in_lines(words))}|" if words else ""
    arrow = f"{line}{HEADS[edge.link.relation]}"
    return f"n{edge.cause.number} {arrow}{label} n{edge.effect.number}"


def _quoted(lines: Sequence[str]) -> str:
    return '"' + "<br/>".join(map(_escaped, lines)) + '"'


def _escaped(text: str) -> str:
    """``text`` with every sign that Mermaid, Markdown or HTML might read as its code number."""
    return "".join(char if char.isalnum() or char in _PLAIN else f"#{ord(char)};" for char in text)
