"""A memory as a graph: what means the same is one node, nothing is lost, cycles end."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from languages import SCIENCE

from memory.evidence.tally import Tally
from memory.graph import Graph, Kind, Mark, branches, graph_of
from memory.links import Hedge, Link, Relation, parse
from memory.meaning import event, helps

GOAL = "leave the house"
PHRASES = (
    "open door",
    "opening the door",
    "the key",
    "key",
    "progress",
    "winning",
    "A box",
    "wait",
)
alike = st.builds(
    Link,
    st.sampled_from(PHRASES),
    st.sampled_from(Hedge),
    st.sampled_from(Relation),
    st.sampled_from(PHRASES),
)
"""Links that share their causes and effects, in several wordings."""
memories = st.lists(alike, max_size=12)


def said(*lines: str) -> list[Link]:
    return [parse(line) for line in lines]


def told(graph: Graph) -> list[str]:
    """The tree, a line each."""
    return ["  " * each.depth + each.node.label + " again" * each.again for each in branches(graph)]


def test_an_effect_is_a_cause_where_the_phrases_mean_the_same() -> None:
    key, door, task = said(
        "going to the hall SHOULD BE NECESSARY to picking up the key",
        "pick up key MAY CONTRIBUTE to opening door",
        "open the door SHOULD BE NECESSARY to making progress",
    )
    counted = Tally(together=3, without=1)
    graph = graph_of([key, door, task], {door: counted}, goal=GOAL)
    assert told(graph) == [
        GOAL,
        "  make progress",
        "    opening door",
        "      picking up the key",
        "        going to the hall",
    ]
    assert [edge.tally for edge in graph.edges] == [None, counted, None]
    assert [node.kind for node in graph.nodes] == [
        Kind.GOAL,
        Kind.EVENT,
        Kind.EVENT,
        Kind.EVENT,
        Kind.WHOLE,
    ]


def test_what_a_world_calls_by_two_names_is_one_node() -> None:
    links = said(
        "focusing on the baby hedgehog SHOULD BE NECESSARY to complete the task",
        "go outside SHOULD BE NECESSARY to focus on baby baby hedgehog",
    )
    assert len(graph_of(links, goal=GOAL, language=SCIENCE).nodes) == 4
    assert len(graph_of(links, goal=GOAL).nodes) == 5


def test_wordings_of_one_claim_are_one_edge_with_the_surest_first() -> None:
    links = said(
        "opening the door MAY CONTRIBUTE to the task",
        "open door SHOULD BE NECESSARY to make progress",
        "open door DOES NOT CONTRIBUTE to the task",
    )
    counts = {links[0]: Tally(together=1), links[1]: Tally(together=5)}
    merged, denied = graph_of(links, counts, goal=GOAL).edges
    assert (merged.links, merged.tally) == ((links[1], links[0]), counts[links[1]])
    assert denied.links == (links[2],)
    assert (denied.cause, denied.effect) == (merged.cause, merged.effect)


def test_what_goes_round_is_unfolded_once() -> None:
    links = said("a MAY CONTRIBUTE to b", "b MAY CONTRIBUTE to a", "c MAY CONTRIBUTE to c")
    assert told(graph_of(links, goal=GOAL)) == [GOAL, "b", "  a", "    b again", "c", "  c again"]


def test_a_chain_of_any_length_is_a_tree() -> None:
    links = [Link(f"do {n}", Hedge.MAY, Relation.NECESSARY, f"do {n + 1}") for n in range(3000)]
    assert [branch.depth for branch in branches(graph_of(links, goal=GOAL))][1:] == [*range(3001)]


@given(memories)
def test_no_link_is_lost_and_none_is_made_up(memory: list[Link]) -> None:
    graph = graph_of(memory, goal=GOAL)
    assert Counter(link for edge in graph.edges for link in edge.links) == Counter(set(memory))
    for edge in graph.edges:
        for link in edge.links:
            assert event(link.cause) == event(edge.cause.label)
            assert event(link.effect) == event(edge.effect.label)
            assert helps(link) == helps(edge.link)
            assert link.strength <= edge.link.strength
    assert [node.number for node in graph.nodes] == [*range(len(graph.nodes))]
    means = [event(node.label) for node in graph.nodes[1:]]
    assert len(set(means)) == len(means)


@given(memories)
def test_the_tree_has_each_edge_once_under_its_effect(memory: list[Link]) -> None:
    graph = graph_of(memory, goal=GOAL)
    lines = list(branches(graph))
    assert Counter(line.edge for line in lines if line.edge) == Counter(graph.edges)
    assert {line.node for line in lines} == set(graph.nodes)
    above = []
    for line in lines:
        del above[line.depth :]
        if line.edge is not None:
            assert line.node is line.edge.cause and above[-1].node is line.edge.effect
        above.append(line)
    assert all(after.depth <= before.depth for before, after in pairwise(lines) if before.again)


OPPOSITE = {Mark.ADDED: Mark.GONE, Mark.STRONGER: Mark.WEAKER}
OPPOSITE |= {after: before for before, after in OPPOSITE.items()}


@given(memories, memories)
def test_a_comparison_turned_round_has_the_opposite_marks(old: list[Link], new: list[Link]) -> None:
    there, back = graph_of(new, goal=GOAL, before=old), graph_of(old, goal=GOAL, before=new)
    marks = {_about(edge.links[0]): edge.mark for edge in there.edges}
    turned = {_about(edge.links[0]): edge.mark for edge in back.edges}
    for about, mark in marks.items():
        if mark is Mark.TURNED:
            assert turned[(*about[:2], not about[2])] is Mark.TURNED
        else:
            assert turned[about] is OPPOSITE.get(mark, Mark.KEPT)


def _about(link: Link) -> tuple[str, str, bool]:
    return event(link.cause), event(link.effect), helps(link)


@pytest.mark.parametrize(
    ("old", "new", "mark"),
    [
        ("", "x MAY CONTRIBUTE to y", Mark.ADDED),
        ("x MAY CONTRIBUTE to y", "", Mark.GONE),
        ("x MAY CONTRIBUTE to y", "x SHOULD CONTRIBUTE to y", Mark.STRONGER),
        ("x SHOULD BE NECESSARY to y", "x SHOULD CONTRIBUTE to y", Mark.WEAKER),
        ("x MAY CONTRIBUTE to y", "x DOES NOT CONTRIBUTE to y", Mark.TURNED),
        ("x MAY CONTRIBUTE to y", "the x MAY CONTRIBUTE to Y", Mark.KEPT),
    ],
)
def test_marks(old: str, new: str, mark: Mark) -> None:
    before, after = said(*[old] * bool(old)), said(*[new] * bool(new))
    [edge] = graph_of(after, goal=GOAL, before=before).edges
    assert edge.mark is mark
    changed = {Mark.STRONGER, Mark.WEAKER, Mark.TURNED}
    assert edge.was == (before[0] if mark in changed else None)
