"""The graph in the language of Graphviz (https://graphviz.org/doc/info/lang.html)."""

from __future__ import annotations

from collections.abc import Sequence

from clin.analysis.graphs._labels import edge_words, node_lines, sentence
from clin.analysis.graphs.mermaid import COLOURS
from memory.graph import Edge, Graph, Kind, Node
from memory.links import Hedge, Relation

ENDING = ".dot"
SHAPES = {Kind.GOAL: "doubleoctagon", Kind.WHOLE: "ellipse", Kind.EVENT: "box"}
HEADS = {Relation.NECESSARY: "normal", Relation.CONTRIBUTE: "empty", Relation.NOT_CONTRIBUTE: "tee"}


def written(graph: Graph) -> str:
    """``graph`` as a digraph from left to right, with the whole link as each edge's tooltip."""
    lines = ["digraph memory {", "  rankdir=LR;", '  node [fontname="sans-serif", fontsize=11];']
    lines.append('  edge [fontname="sans-serif", fontsize=9];')
    lines += [f"  {_node(node)};" for node in graph.nodes]
    lines += [f"  {_edge(edge)};" for edge in graph.edges]
    lines += [
        f"  n{node.number} -> n{graph.goal.number} [penwidth=2, arrowhead=none]"
        for node in graph.whole
    ]
    return "\n".join([*lines, "}"]) + "\n"


def _node(node: Node) -> str:
    return f"n{node.number} [shape={SHAPES[node.kind]}, label={_quoted(node_lines(node))}]"


def _edge(edge: Edge) -> str:
    said = {
        "style": "solid" if edge.link.hedge is Hedge.SHOULD else "dashed",
        "arrowhead": HEADS[edge.link.relation],
        "label": _quoted([edge_words(edge)]),
        "tooltip": _quoted([sentence(edge)]),
    }
    if edge.mark in COLOURS:
        said |= {"color": f'"{COLOURS[edge.mark]}"', "penwidth": "2"}
    told = ", ".join(f"{name}={value}" for name, value in said.items())
    return f"n{edge.cause.number} -> n{edge.effect.number} [{told}]"


def _quoted(lines: Sequence[str]) -> str:
    """A quoted string: a backslash begins an escape there, and an ampersand an entity."""
    escaped = (
        line.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for line in lines
    )
    return '"' + "\\n".join(escaped) + '"'
