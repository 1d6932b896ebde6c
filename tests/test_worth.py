"""Of what the rules write, only what leads to something that counts is kept for reading at each
step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from memory.evidence.worth import serving
from memory.links import Relation, parse
from memory.testing import links

GOAL = "Deliver the letter through the chute."
END = "move letter to chute SHOULD BE NECESSARY to complete the task"
CARRY = "pick up letter MAY BE NECESSARY to move letter to chute"
WAY = "go to chapel SHOULD BE NECESSARY to pick up letter"
FIND = "go to vault MAY BE NECESSARY to find chute"
CLAMP = "go to cellar SHOULD BE NECESSARY to pick up clamp"
VAIN = "use clamp on loom DOES NOT CONTRIBUTE to the task"


def kept(*lines: str, goal: str = GOAL, held: tuple[str, ...] = ()) -> list[str]:
    return [str(link) for link in serving(map(parse, lines), goal, map(parse, held))]


def test_a_chain_to_the_end_is_kept_and_a_deed_that_served_nothing_is_not() -> None:
    assert kept(CLAMP, WAY, CARRY, END, FIND, VAIN) == [WAY, CARRY, END, FIND, VAIN]


def test_without_points_what_is_done_to_what_the_goal_names_counts() -> None:
    assert kept(CLAMP, WAY) == [WAY]
    assert kept(CLAMP, WAY, goal="Find the clamp.") == [CLAMP]
    assert kept(CLAMP, WAY, goal="Do something.") == []


def test_what_picks_up_what_is_needed_counts() -> None:
    take = "go to workshop MAY BE NECESSARY to pick up stopwatch"
    time = "activate stopwatch SHOULD BE NECESSARY to make progress"
    assert kept(take, time) == [take, time] and kept(take) == []


def test_a_chain_may_go_on_in_what_is_held_already() -> None:
    use = "pick up clamp SHOULD BE NECESSARY to make progress"
    assert kept(CLAMP, goal="Do something.", held=(use,)) == [CLAMP]


@given(st.lists(links(), max_size=8), st.lists(links(), max_size=8), st.sampled_from([GOAL, ""]))
def test_what_is_kept_stays_kept(some, more, goal) -> None:
    found = serving(some, goal)
    assert serving(found, goal) == found
    assert set(found) <= set(serving(some, goal, more)) <= set(some)
    assert all(link in found for link in some if link.relation is Relation.NOT_CONTRIBUTE)
