"""A link whose transfer hurt is withheld from other environments."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from languages import SCIENCE
from test_strategies import answered, told, words

from memory.evidence.ledger import claim_of
from memory.evidence.transfer import hurt
from memory.links import parse
from memory.strategies import Episode, open_strategy
from memory.trials import Ending, Memory

KEY = parse("get key MAY BE NECESSARY to open door")
HALL = parse("go to hall SHOULD BE NECESSARY to open door")
LEVER = parse("pull lever MAY BE NECESSARY to complete the task")
SING = parse("sing DOES NOT CONTRIBUTE to the task")


def scored(score: float, read: bool, number: int = 0):
    memory = Memory((HALL,)) if read else Memory()
    return told(
        ("open door", "You open it.", score), ending=Ending.BUDGET, recalled=memory, number=number
    )


def test_a_link_whose_transfer_hurt_in_two_lineages_is_withheld_with_its_reason() -> None:
    worse = [scored(80, read=False), scored(20, read=True)]
    better = [scored(20, read=False), scored(80, read=True)]
    assert hurt(claim_of(HALL), [worse]) is None  # once may be chance
    assert hurt(claim_of(HALL), [worse, better]) is None
    reason = hurt(claim_of(HALL), [worse, worse])
    assert (
        reason
        == "its transfer hurt: with it 2 of 2 episodes scored lower than without it (-60.0 points)"
    )
    episodes = [Episode("w", "t", n, tuple(worse), (Memory(), Memory((HALL,)))) for n in range(2)]
    found = answered(
        open_strategy("evidence", SCIENCE, writer="rules").generalise(
            episodes, "g", "gen-env", words
        ),
        [],
    )[0]
    assert HALL.claim not in {link.claim for link in found.memory.links}


@given(
    st.lists(
        st.lists(st.tuples(st.floats(-100, 100), st.booleans()), min_size=1, max_size=4), max_size=5
    )
)
def test_transfer_never_hurts_where_no_score_fell(found: list[list[tuple[float, bool]]]) -> None:
    rising = [
        [
            scored(score, read)
            for (score, _), read in zip(
                sorted(trials), sorted(read for _, read in trials), strict=True
            )
        ]
        for trials in found
    ]
    assert hurt(claim_of(HALL), rising) is None
