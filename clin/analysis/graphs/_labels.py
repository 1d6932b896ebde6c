"""What nodes and edges say, in every format: harmless, bounded, in lines."""

from __future__ import annotations

import re
import textwrap

from memory.evidence.tally import Tally
from memory.graph import Edge, Mark, Node
from memory.sanitize import sanitized

COLUMNS, MOST_LINES = 30, 5
CHANGED = {
    Mark.ADDED: "new",
    Mark.STRONGER: "surer",
    Mark.WEAKER: "less sure",
    Mark.TURNED: "turned",
    Mark.GONE: "gone",
}
"""What a mark says; what was kept says nothing."""
_NO_XML = re.compile("[\ufffe\uffff]")


def in_lines(text: str, columns: int = COLUMNS) -> list[str]:
    """``text`` in at most ``MOST_LINES`` lines of ``columns`` characters; never empty."""
    lines = textwrap.wrap(one_line(text), columns, max_lines=MOST_LINES, placeholder=" …")
    return lines or ["(nothing)"]


def one_line(text: str) -> str:
    """``text`` as one harmless line, with nothing that XML has no place for."""
    return _NO_XML.sub("\ufffd", sanitized(" ".join(text.split())))


def node_lines(node: Node) -> list[str]:
    """The lines of a node's box."""
    return in_lines(node.label)


def edge_words(edge: Edge) -> str:
    """What stands at an edge: how it changed, what its cause needs beside it, its tally, and how
    many wordings it has."""
    told = [CHANGED[edge.mark]] if edge.mark in CHANGED else []
    if edge.others:
        told.append(together(edge).strip())
    if edge.tally is not None:
        told.append(counts(edge.tally))
    if len(edge.links) > 1:
        told.append(f"{len(edge.links)} wordings")
    return ", ".join(told)


def together(edge: Edge) -> str:
    """ " together with open box" where the edge's cause needs that too; else nothing."""
    return f" together with {one_line(' and '.join(edge.others))}" if edge.others else ""


def counts(tally: Tally) -> str:
    """A tally in short: in how many trials the effect came, with the cause and without it."""
    tried, untried = tally.together + tally.alone + tally.lost, tally.without + tally.neither
    told = [f"{tally.together}/{tried} with"] if tried else []
    told += [f"{tally.without}/{untried} without"] if untried else []
    told += [f"{tally.lost} lost points"] if tally.lost else []
    return ", ".join(told)


def sentence(edge: Edge) -> str:
    """The whole link with its tally, and what it was before, in one line."""
    told = f" ({edge.tally})" if edge.tally else ""
    was = f", was: {edge.was}" if edge.was else ""
    mark = f"{CHANGED[edge.mark]}: " if edge.mark in CHANGED else ""
    return one_line(f"{mark}{edge.link}{told}{was}")
