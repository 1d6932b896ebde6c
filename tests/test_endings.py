"""A deed at which the world ends a trial is warned of, though no points moved; a clock is not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest
from generated import marks
from hypothesis import given
from hypothesis import strategies as st
from languages import SCIENCE

from clin.exploration.memory_mask import MemoryMask
from clin.language import language_of
from memory import rules
from memory.archive import Archive
from memory.evidence.ledger import Ledger
from memory.rules.endings import Endings, Finish, finish
from memory.strategies import open_strategy
from memory.trials import VERDICT, Ending, Memory, Step, Trial
from worlds import open_world

FATAL = frozenset(["eat carrot", "eat apple"])
DEEDS = [*sorted(FATAL), "pick up knife", "mix flour", "pour water"]
IDLE = ["look around", "wait", "go to hall"]
SURE, UNSURE = "DOES NOT CONTRIBUTE", "MAY NOT CONTRIBUTE"


def trial(*actions: str, lost: bool = True, said: str = "Done.") -> Trial:
    steps = tuple(Step(action, said, 0.0) for action in actions)
    return Trial(0, "Cook.", "A room.", steps, Ending.LOST if lost else Ending.BUDGET)


def written(strategy: str, trials: Sequence[Trial]) -> list[str]:
    """What a memory without a model says of the deeds that ended ``trials``."""
    memory, kept = Memory(), open_strategy(strategy, SCIENCE, writer="rules")
    for number in range(len(trials)):
        try:
            next(kept.revise(memory, trials[: number + 1], len))
        except StopIteration as stop:
            memory = stop.value.memory
    ended = {each.steps[-1].action for each in trials if each.steps}
    return [str(link) for link in memory.links if link.cause in ended]


@pytest.mark.parametrize("strategy", ["evidence", "clin"])
def test_a_deed_that_ended_a_trial_is_warned_of_and_surely_once_a_trial_was_longer(
    strategy: str,
) -> None:
    ended, longer = trial("wait", "eat carrot"), trial("wait", "wait", "wait", lost=False)
    assert written(strategy, [ended]) == [f"eat carrot {UNSURE} to the task"]
    assert written(strategy, [ended, longer])[0] == f"eat carrot {SURE} to the task"
    assert written(strategy, [longer, ended])[0] == f"eat carrot {SURE} to the task"


@pytest.mark.parametrize("strategy", ["evidence", "clin"])
@pytest.mark.parametrize(
    "trials",
    [
        [trial("wait", "mix flour"), trial("wait", "pour water")],  # the time was over
        [trial("mix flour", "mix flour"), trial("wait", "wait", "wait", lost=False)],
        [trial("wait", "mix flour"), trial("mix flour", "wait", "wait", lost=False)],
        [trial("wait", "look around"), trial("wait", "wait", "wait", lost=False)],
        [trial("wait", "go to hall"), trial("wait", "wait", "wait", lost=False)],
        [trial("mix flour", VERDICT), trial("wait", "wait", "wait", lost=False)],
    ],
)
def test_what_did_not_end_the_trial_is_not_to_blame(strategy: str, trials: list[Trial]) -> None:
    assert not [link for link in written(strategy, trials) if "wait" not in link]


@st.composite
def episodes(draw: st.DrawFn) -> tuple[list[Trial], int]:
    """Trials in a world in which what is ``FATAL`` ends a trial, and so does a clock; and when
    that strikes."""
    clock = draw(st.integers(2, 6))
    found = []
    for _ in range(draw(st.integers(1, 6))):
        actions = draw(st.lists(st.sampled_from([*DEEDS, *IDLE]), min_size=1, max_size=8))
        eaten = [number for number, each in enumerate(actions) if each in FATAL]
        actions = actions[: min([clock, *(number + 1 for number in eaten)])]
        found.append(
            trial(*actions, lost=bool(eaten and eaten[0] < clock) or clock == len(actions))
        )
    return found, clock


@given(episodes())
def test_only_what_is_fatal_is_ever_blamed_for_sure(played: tuple[list[Trial], int]) -> None:
    trials, clock = played
    finishes = [finish(each, SCIENCE) for each in trials]
    said = Endings(finishes).fatal
    assert {deed for deed, sure in said.items() if sure} <= FATAL
    early = {
        each.at for each in finishes if each.at and each.steps < max(f.steps for f in finishes)
    }
    assert {deed for deed, sure in said.items() if sure} == early
    if len({each.at for each in finishes if each.steps == clock and each.at}) > 1:
        assert all(said.values())
    for order in permutations(finishes[:4]):
        assert Endings(order).fatal == Endings(finishes[:4]).fatal
    anew, bit_by_bit = Ledger(SCIENCE, trials), Ledger(SCIENCE)
    for each in trials:
        assert bit_by_bit.endings is bit_by_bit.endings
        bit_by_bit.add(each)
    assert anew.endings.fatal == bit_by_bit.endings.fatal == said


def test_what_ended_a_trial_is_offered_again_only_where_more_points_are_held() -> None:
    archive = Archive(SCIENCE)
    archive.add(0, trial("wait", "eat carrot").steps, Ending.LOST)
    archive.add(1, trial("wait", "mix flour").steps, Ending.BUDGET)
    assert archive.costly == {"eat carrot": 0.0}
    assert not finish(trial("mix flour", said="You can't do that."), SCIENCE).deed
    assert Finish(2, "eat carrot", True, frozenset(["wait"])) == finish(
        trial("wait", "eat carrot"), SCIENCE
    )


@pytest.mark.parametrize("task", [pytest.param("treasure-hunter", marks=marks("textworld"))])
def test_taking_the_wrong_thing_in_textworld_is_warned_of_and_not_offered_again(task: str) -> None:
    language = language_of("textworld")
    world = open_world("textworld", task, 2003, level=1)
    trials = [
        played(world, ["go east", "take sandwich"]),
        played(world, ["look", "look", "look"]),
    ]
    assert (trials[0].ending, trials[0].score) == (Ending.LOST, 0.0)
    first, last = (rules.links(trials[:n], language) for n in (1, 2))
    assert [str(each) for each in first] == [f"take sandwich {UNSURE} to the task"]
    assert f"take sandwich {SURE} to the task" in map(str, last)
    masked = MemoryMask(world, language, last)
    masked.reset()
    masked.step("go east")
    assert "take sandwich" in world.actions() and "take sandwich" not in masked.actions()
    world.close()


def played(world, actions: Sequence[str]) -> Trial:
    seen = world.reset()
    opening, steps = seen.text, []
    for action in actions:
        seen = world.step(action)
        steps.append(Step(action, seen.text, seen.score))
    ending = Ending.LOST if seen.done else Ending.BUDGET
    return Trial(0, world.goal, opening, tuple(steps), ending)
