"""Putting a link to the test: what is chosen, that it is withheld and bounded, and what the tallies
make of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Clin
from hypothesis import given
from hypothesis import strategies as st
from languages import SCIENCE
from test_strategies import answered, told, words
from test_trial import Ladder

from clin.exploration.intervention import Intervention
from memory.evidence.ledger import claim_of
from memory.evidence.link_tests import LinkTest, chosen
from memory.evidence.tally import Tally
from memory.evidence.transfer import hurt
from memory.links import Hedge, Relation, parse
from memory.store import Store
from memory.strategies import Episode, open_strategy
from memory.testing import links
from memory.trials import Ending, Memory
from worlds import open_world

KEY = parse("get key MAY BE NECESSARY to open door")
HALL = parse("go to hall SHOULD BE NECESSARY to open door")
LEVER = parse("pull lever MAY BE NECESSARY to complete the task")
SING = parse("sing DOES NOT CONTRIBUTE to the task")


def test_what_bears_on_the_task_comes_first_then_claims_that_disagree_then_the_least_sure() -> None:
    seen = {
        KEY: Tally(together=1),
        HALL: Tally(together=3),
        LEVER: Tally(together=1),
        SING: Tally(alone=2),
    }
    assert chosen(seen, [], 5) == LinkTest(LEVER, 5)
    assert chosen(seen, [LEVER], 5) == LinkTest(KEY, 5)
    assert chosen(seen, [LEVER, KEY], 5) == LinkTest(HALL, 5)
    assert chosen(seen, [LEVER, KEY, HALL], 5) is None
    assert (
        chosen({HALL: Tally(together=3), SING: Tally(alone=2)}, [], 5) is None
    )  # sure, and nothing else explains it


@given(
    st.dictionaries(links(), st.builds(Tally, *[st.integers(0, 3)] * 5), max_size=6),
    st.lists(links(), max_size=3),
)
def test_only_open_claims_are_tested_and_none_twice(seen: dict, tested: list) -> None:
    found = chosen(seen, tested, 3)
    sides = [link.claim[1] for link in seen if link.relation is not Relation.NOT_CONTRIBUTE]
    opened = [
        link
        for link, tally in seen.items()
        if link.relation is Relation.NECESSARY
        and tally.together
        and not tally.without
        and (link.hedge is Hedge.MAY or sides.count(link.claim[1]) > 1)
    ]
    left = [link for link in opened if link.claim not in {each.claim for each in tested}]
    assert (found is None) is not bool(left)
    assert found is None or found.link in left


@pytest.mark.parametrize("task", ["make", "grow"])
@given(st.data())
def test_a_withheld_cause_is_not_offered_for_so_many_steps_and_everything_else_is(
    task: str, data: st.DataObject
) -> None:
    bare = open_world("causal", task, 0, rules=3)
    bare.reset()
    first = data.draw(st.sampled_from(sorted(bare.actions())))
    steps = data.draw(st.integers(1, 4))
    world = Intervention(
        open_world("causal", task, 0, rules=3),
        LinkTest(parse(f"{first} MAY BE NECESSARY to complete the task"), steps),
    )
    assert world.reset() == bare.reset()
    for number in range(6):
        whole, offered = list(bare.actions()), list(world.actions())
        assert offered == ([each for each in whole if each != first] if number < steps else whole)
        action = data.draw(st.sampled_from(offered))
        seen = world.step(action)
        assert seen == bare.step(action)
        if seen.done:
            break


def test_where_nothing_else_is_left_everything_is_offered() -> None:
    class Single(Ladder):
        def actions(self):
            return ["wait"]

    world = Intervention(
        Single(), LinkTest(parse("waiting MAY BE NECESSARY to complete the task"), 9)
    )
    world.reset()
    assert list(world.actions()) == ["wait"]


def test_a_run_with_tests_keeps_them_counts_them_and_shows_them(clin: Clin, tmp_path: Path) -> None:
    run = (
        "run",
        "--strategy",
        "evidence",
        "--trials",
        "5",
        "--budget",
        "20",
        "--test-steps",
        "6",
        "--no-go-back",
        "--db",
        "t.db",
        "--json",
    )
    done = clin(*run)
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "t.db", read_only=True) as store:
        rows = store.trials("r1")
        tests = [store.link_test(row.id) for row in rows]
        assert (
            tests[0] is None and tests[-1] is None
        )  # nothing is known yet; nobody would read the result
        made = [(row, test) for row, test in zip(rows, tests, strict=True) if test]
        assert made and len({test.link.claim for _, test in made}) == len(made)
        for row, test in made:
            assert not [
                step for step in store.steps(row.id)[: test.steps] if test.withholds(step.action)
            ]
        number, test = made[0][0].number, made[0][1]
    told_of = clin("show", "r1", "--trial", str(number), "--db", "t.db").stdout
    assert "Test of a link" in told_of and test.link.cause in told_of
    assert json.loads(clin("show", "r1", "--trial", str(number), "--db", "t.db", "--json").stdout)[
        "test"
    ] == {"link": str(test.link), "steps": 6}
    assert clin("memory", "check-evidence", "r1", "--db", "t.db").returncode == 0


def test_tests_need_a_strategy_that_counts(clin: Clin) -> None:
    done = clin("run", "--strategy", "clin", "--test-steps", "3")
    assert done.returncode == 2 and "evidence" in done.stderr and "Traceback" not in done.stderr


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


def test_an_interrupted_test_goes_on_as_a_test() -> None:
    world = Intervention(
        open_world("causal", "make", 0, rules=3),
        LinkTest(parse("wait MAY BE NECESSARY to complete the task"), 2),
    )
    world.reset()
    past = []
    for _ in range(2):
        action = world.actions()[0]
        seen = world.step(action)
        past.append((action, seen))
    assert "wait" in world.actions()
    world.reset()
    assert "wait" not in world.actions()
    for action, seen in past:
        assert world.step(action) == seen
    assert "wait" in world.actions()
