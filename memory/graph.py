"""A memory as a graph: events as nodes, links as edges from cause to effect, the goal at the end.

Pure: it reads links and tallies, and draws nothing. Phrases that mean the same are one node
(:mod:`memory.meaning`), so an effect may itself be a cause. Links that say the same are one edge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from memory.evidence.events import COMPLETE, PROGRESS
from memory.evidence.tally import Tally
from memory.language import Language
from memory.links import Link, conjuncts, folded
from memory.meaning import PLAIN, Meaning, event, helps

NO_TALLIES: Mapping[Link, Tally] = MappingProxyType({})
_WHOLE = {folded(PROGRESS): PROGRESS, folded(COMPLETE): COMPLETE}
"""The events that are about the task as a whole, in the words that they are shown with."""


class Kind(StrEnum):
    """What a node is."""

    GOAL = "goal"
    """What the run was told to do, in the world's words."""
    WHOLE = "whole"
    """Progress or completion: what a link says of the task as a whole."""
    EVENT = "event"
    """Any other cause or effect."""


class Mark(StrEnum):
    """How an edge differs from an earlier version of the memory, as one sign."""

    KEPT = "="
    ADDED = "+"
    STRONGER = "^"
    WEAKER = "v"
    TURNED = "!"
    GONE = "-"


@dataclass(frozen=True)
class Node:
    """An event. ``number`` is its place in :attr:`Graph.nodes`; ``label`` its first wording."""

    number: int
    label: str
    kind: Kind


@dataclass(frozen=True)
class Edge:
    """What a memory says of a cause and an effect. ``links`` say the same in one or more wordings,
    the surest first. ``was`` is the link of the earlier version, where that said something else."""

    cause: Node
    effect: Node
    links: tuple[Link, ...]
    tally: Tally | None = None
    mark: Mark = Mark.KEPT
    was: Link | None = None
    others: tuple[str, ...] = ()
    """What else the surest wording needs together with the cause."""

    @property
    def link(self) -> Link:
        """The surest wording; :attr:`tally` is of this one."""
        return self.links[0]


@dataclass(frozen=True)
class Graph:
    """Nodes in order of first mention, and edges in the memory's order; what is gone comes last.
    ``whole`` are the nodes that are parts of the ``goal``."""

    goal: Node
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    compared: bool = False
    """Whether the edges' marks tell of an earlier version."""

    @property
    def whole(self) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.kind is Kind.WHOLE)


def graph_of(
    links: Sequence[Link],
    tallies: Mapping[Link, Tally] = NO_TALLIES,
    *,
    goal: str,
    language: Language = PLAIN,
    before: Sequence[Link] | None = None,
) -> Graph:
    """The graph of a memory with these ``links``, in a world with this ``language``. Against the
    links of an earlier version (``before``) each edge is marked, and what is gone is there too."""
    now = _by_meaning(links, language)
    then = now if before is None else _by_meaning(before, language)
    nodes = _Nodes(goal)
    edges = []
    for meaning, said in now.items():
        mark, was = _marked(meaning, said[0], then, now)
        cause, effect = nodes.ends(meaning, said[0], language)
        others = _others(meaning, said[0], language)
        edges.append(Edge(cause, effect, said, tallies.get(said[0]), mark, was, others))
    for meaning, said in then.items():
        if meaning not in now and not _is_turned(meaning, now, then):
            cause, effect = nodes.ends(meaning, said[0], language)
            others = _others(meaning, said[0], language)
            edges.append(Edge(cause, effect, said, mark=Mark.GONE, others=others))
    return Graph(nodes.goal, tuple(nodes.all), tuple(edges), compared=before is not None)


_Said = Mapping[Meaning, tuple[Link, ...]]


def _by_meaning(links: Sequence[Link], language: Language) -> _Said:
    """The links that say the same, together: the surest first, in the order of first mention. A
    conjunction says it of each of its parts."""
    found: dict[Meaning, list[Link]] = defaultdict(list)
    for link in dict.fromkeys(links):
        effect = event(link.effect, language)
        for cause in dict.fromkeys(event(part, language) for part in conjuncts(link.cause)):
            found[cause, effect, helps(link)].append(link)
    return {
        meaning: tuple(sorted(said, key=lambda link: link.strength, reverse=True))
        for meaning, said in found.items()
    }


def _marked(meaning: Meaning, link: Link, then: _Said, now: _Said) -> tuple[Mark, Link | None]:
    if meaning in then:
        was = then[meaning][0]
        if was.strength == link.strength:
            return Mark.KEPT, None
        return (Mark.STRONGER if link.strength > was.strength else Mark.WEAKER), was
    other = _denied(meaning)
    if _is_turned(other, now, then):
        return Mark.TURNED, then[other][0]
    return Mark.ADDED, None


def _is_turned(meaning: Meaning, now: _Said, then: _Said) -> bool:
    """Whether what ``then`` said is gone, and the contrary has come in its place."""
    other = _denied(meaning)
    return meaning in then and meaning not in now and other in now and other not in then


def _denied(meaning: Meaning) -> Meaning:
    cause, effect, good = meaning
    return cause, effect, not good


def _others(meaning: Meaning, link: Link, language: Language) -> tuple[str, ...]:
    """The parts of a conjunction beside the one that ``meaning`` is about."""
    parts = conjuncts(link.cause)
    return tuple(part for part in parts if event(part, language) != meaning[0])


class _Nodes:
    """The nodes so far, by what they mean."""

    def __init__(self, goal: str) -> None:
        self.goal = Node(0, goal, Kind.GOAL)
        self.all = [self.goal]
        self._known: dict[str, Node] = {}

    def ends(self, meaning: Meaning, link: Link, language: Language) -> tuple[Node, Node]:
        """The two nodes of what ``link`` says of one cause."""
        parts = conjuncts(link.cause)
        wording = next(part for part in parts if event(part, language) == meaning[0])
        return self.at(meaning[0], wording), self.at(meaning[1], link.effect)

    def at(self, meant: str, wording: str) -> Node:
        """The node of what is ``meant``, made at its first mention."""
        if meant not in self._known:
            kind = Kind.WHOLE if meant in _WHOLE else Kind.EVENT
            self._known[meant] = Node(len(self.all), _WHOLE.get(meant, wording), kind)
            self.all.append(self._known[meant])
        return self._known[meant]


@dataclass(frozen=True)
class Branch:
    """A line of the tree. ``node`` is the cause in ``edge`` of what stands one ``depth`` above it;
    a line without an edge is the goal, a part of it, or the root of what does not lead there."""

    depth: int
    node: Node
    edge: Edge | None = None
    again: bool = False
    """Whether what this node takes stands at another line already: two effects share it, or the
    causes go round."""


def branches(graph: Graph) -> Iterator[Branch]:
    """The graph as a tree, line by line: the goal, what it takes, what that takes, and so on; then
    what does not lead to the goal. Each node is unfolded once; of its causes those that help come
    first."""
    causes: dict[Node, list[Edge]] = defaultdict(list)
    for edge in sorted(graph.edges, key=lambda edge: not helps(edge.link)):
        causes[edge.effect].append(edge)
    unfolded: set[Node] = set()
    for root in _roots(graph):
        if root in unfolded:
            continue
        waiting = [Branch(0, root)]
        while waiting:
            branch = waiting.pop()
            below = _below(graph, branch, causes)
            again = branch.node in unfolded and bool(below)
            yield Branch(branch.depth, branch.node, branch.edge, again)
            if not again:
                unfolded.add(branch.node)
                waiting.extend(reversed(below))


def _below(graph: Graph, branch: Branch, causes: Mapping[Node, Sequence[Edge]]) -> list[Branch]:
    depth = branch.depth + 1
    if branch.node is graph.goal:
        return [Branch(depth, node) for node in graph.whole]
    return [Branch(depth, edge.cause, edge) for edge in causes.get(branch.node, ())]


def _roots(graph: Graph) -> Iterator[Node]:
    """Where a tree may begin: the goal, then what is no cause, then what only goes round."""
    yield graph.goal
    leading = {edge.cause for edge in graph.edges} | set(graph.whole)
    yield from (node for node in graph.nodes if node not in leading)
    effects = {edge.effect: None for edge in graph.edges}
    yield from effects
