"""The graph as a tree for the terminal: the goal, what it takes, what that takes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import islice

from clin.analysis.graphs._labels import CHANGED, one_line, together
from memory.graph import Branch, Graph, branches

ENDING = ".txt"
AGAIN = "(its causes stand elsewhere)"
ASIDE = "What does not lead to the goal:"
COLUMNS = 100
"""Where no terminal says how wide it is."""
LEAST = 24
"""Columns that a line of words has at least, however deep it stands."""


def written(graph: Graph, columns: int = COLUMNS) -> str:
    """``graph`` in lines of ``columns`` where that leaves room for words."""
    told = list(branches(graph))
    rails: list[str] = []
    lines: list[str] = []
    for number, branch in enumerate(told):
        if not branch.depth and lines and ASIDE not in lines:
            lines += ["", ASIDE]
        last = _is_last(told, number)
        rails[branch.depth :] = ["   " if last else "│  "]
        first = "".join(rails[1 : branch.depth]) + ("└─ " if last else "├─ ")
        below = "".join(rails[1 : branch.depth + 1])
        if not branch.depth:
            first = below = ""
        # What hangs below belongs to all lines of the words.
        more = number + 1 < len(told) and told[number + 1].depth > branch.depth
        room = max(LEAST, columns - len(below) - 3)
        words = textwrap.wrap(branch_words(branch), room)
        lines.append(first + words[0])
        lines += [f"{below}{'│  ' if more else '   '}{each}" for each in words[1:]]
    return "\n".join(lines) + "\n"


def branch_words(branch: Branch) -> str:
    """A line of the tree in words: "open door SHOULD BE NECESSARY (2 of 2 trials with, …)"."""
    edge, label = branch.edge, one_line(branch.node.label) or "(nothing)"
    again = f" {AGAIN}" if branch.again else ""
    if edge is None:
        return f"{label}{again}"
    mark = f"{edge.mark} " if edge.mark in CHANGED else ""
    tally = f" ({edge.tally})" if edge.tally else ""
    was = f" (was {one_line(edge.was.between)})" if edge.was else ""
    more = f" ({len(edge.links)} wordings)" if len(edge.links) > 1 else ""
    return f"{mark}{label} {edge.link.between}{together(edge)}{tally}{was}{more}{again}"


def _is_last(told: Sequence[Branch], number: int) -> bool:
    """Whether no later line hangs beside this one."""
    depth = told[number].depth
    for branch in islice(told, number + 1, None):
        if branch.depth <= depth:
            return branch.depth < depth
    return True
