"""What the world tells that came about is an effect of its own, where that leads to something."""

from __future__ import annotations

import pytest
from generated import marks
from hypothesis import given, settings
from hypothesis import strategies as st
from languages import CAUSAL, EXPRESS, SCIENCE

from clin.analysis.grading import grade
from clin.language import language_of
from memory.evidence.ledger import Ledger
from memory.evidence.worth import serving
from memory.grammar import revising
from memory.links import Link, parse
from memory.strategies import open_strategy
from memory.trials import Ending, Memory, Step, Trial
from worlds import open_world
from worlds.causal.wording import SENTENCES, Voice

TELLS = {**{each: each for each in ("repair", "start", "make", "grow")}, "delivered": "deliver"}
"""The sentences of ``causal`` that tell of a change, and the verb of each."""


@settings(max_examples=200)
@given(
    st.sampled_from(sorted(SENTENCES)),
    st.lists(st.sampled_from(["kiln", "ink", "bean seed", "copper ore"]), min_size=2, max_size=2),
    st.integers(0, 50),
)
def test_each_sentence_of_causal_tells_of_its_own_change_and_no_other_of_any(
    kind: str, things: list[str], step: int
) -> None:
    blanks = SENTENCES[kind][0].count("{}")
    said = Voice("seed", False).say(kind, *things[:blanks], step=step)
    told = CAUSAL.changes("activate kiln", said)
    assert list(told) == ([f"{TELLS[kind]} {things[blanks - 1]}"] if kind in TELLS else [])


@pytest.mark.parametrize(
    ("language", "action", "observation", "change"),
    [
        (
            SCIENCE,
            "mix jug",
            "Red and yellow paint mix to produce orange paint.",
            "make orange paint",
        ),
        (SCIENCE, "mix cup", "Sugar and water mix to produce sugar water.", "make sugar water"),
        (SCIENCE, "mix jug", "That container is empty, so there are no items to mix.", ""),
        (SCIENCE, "activate sink", "The sink is now activated.", ""),
        (
            EXPRESS,
            "cook red apple in stove",
            "You fry the red apple with the stove.",
            "fry red apple",
        ),
        (EXPRESS, "slice red apple", "You slice the red apple.", ""),
        (
            language_of("textworld"),
            "cook white tuna with oven",
            "(first taking the white tuna)\nYou roasted the white tuna.\n\nYour score went up.",
            "roast white tuna",
        ),
        (language_of("textworld"), "eat meal", "You eat the meal. Not bad.", ""),
        (language_of("alfworld"), "heat apple 1 with microwave 1", "You heat the apple 1.", ""),
    ],
)
def test_a_world_tells_of_what_its_actions_do_not_name(
    language, action: str, observation: str, change: str
) -> None:
    assert list(language.changes(action, observation)) == [change] * bool(change)


def trial(*steps: tuple[str, str, float], goal: str = "Your task is to make soap.") -> Trial:
    made = tuple(Step(*each) for each in steps)
    return Trial(0, goal, "A room.", made, Ending.BUDGET)


MADE = ("activate kiln", "The kiln makes ink.", 0.0)
INK = parse("activate kiln MAY BE NECESSARY to make ink")


def written(strategy: str, *trials: Trial) -> list[str]:
    memory, kept = Memory(), open_strategy(strategy, CAUSAL, writer="rules")
    for number in range(len(trials)):
        with pytest.raises(StopIteration) as stop:
            next(kept.revise(memory, list(trials[: number + 1]), len))
        memory = stop.value.value.memory
    return [str(link) for link in memory.links]


@pytest.mark.parametrize("strategy", ["evidence", "clin"])
def test_a_change_is_told_where_it_gained_or_the_goal_names_it_and_else_not(strategy: str) -> None:
    gained = trial(("activate kiln", "The kiln makes ink.", 50.0))
    assert written(strategy, gained)[-1] == str(INK)
    assert written(strategy, trial(MADE, goal="Your task is to make ink."))[-1] == str(INK)
    assert str(INK) not in written(strategy, trial(MADE))
    near = trial(  # the goal names a thing of that name, but not this
        ("move poppy seed to chute", "The chute takes the poppy seed.", 0.0),
        goal="Your task is to grow a poppy plant.",
    )
    assert not [link for link in written(strategy, near) if "deliver" in link]


def test_the_deed_that_prepares_for_what_the_goal_names_is_kept() -> None:
    before = parse("use saw on kiln MAY BE NECESSARY to activate kiln")
    goal = "Your task is to make ink."
    assert serving([before, INK], goal, changes={"make ink"}) == (before, INK)
    assert serving([before, INK], "Your task is to sing.", changes={"make ink"}) == ()


def test_it_is_counted_like_any_effect_and_sure_only_with_both_sides() -> None:
    done = trial(("activate kiln", "The kiln makes ink.", 50.0))
    vain = trial(("activate kiln", "Nothing happens.", 0.0))
    other = trial(("look around", "A room.", 0.0))
    ledger = Ledger(CAUSAL, [done, done, vain])
    assert str(ledger.tally(INK)) == "2 of 3 trials with, 0 of 0 without"
    assert str(ledger.stated(INK)) == str(INK)
    ledger.add(other)
    assert str(ledger.stated(INK)) == "activate kiln SHOULD BE NECESSARY to make ink"
    told = written("evidence", done, done, other)
    assert told == [
        "activate kiln SHOULD BE NECESSARY to make progress",
        "activate kiln SHOULD BE NECESSARY to make ink",
    ]


def test_letting_time_pass_brings_nothing_about_by_itself() -> None:
    grown = ("wait", "A fern has grown in the planter.", 50.0)
    told = written("evidence", trial(grown, goal="Your task is to grow a fern."))
    assert told == ["wait SHOULD BE NECESSARY to make progress"]


def test_a_model_may_write_of_it() -> None:
    said = revising(trial(MADE, ("wait", "Time passes.", 0.0)), CAUSAL).splitlines()
    assert 'after0 ::= "make ink" | after1' in said and "helps0 ::= sure (after0)" in said


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(["make", "repair", "grow", "deliver", "compose-3"]), st.integers(0, 60))
def test_what_is_said_of_changes_in_causal_is_true(task: str, variation: int) -> None:
    world = open_world("causal", task, variation)
    opening, steps = world.reset().text, []
    for action in world.plan():
        seen = world.step(action)
        steps.append(Step(action, seen.text, seen.score))
    played = Trial(0, world.goal, opening, tuple(steps), Ending.WON)
    links = [parse(each) for each in written("evidence", played)]
    changes = Ledger(CAUSAL, [played]).changes
    told = [link for link in links if link.claim[1] in changes]
    assert told or task == "grow"
    assert not grade(told, world.truth()).wrong


@pytest.mark.parametrize("task", [pytest.param("cooking-9", marks=marks("textworld"))])
def test_textworld_tells_which_tool_fries_and_which_one_roasts(task: str) -> None:
    world = open_world("textworld", task, 2003)
    opening, steps = world.reset().text, []
    for action in world.walkthrough():
        seen = world.step(action)
        steps.append(Step(action, seen.text, seen.score))
    played = Trial(0, world.goal, opening, tuple(steps), Ending.WON)
    world.close()
    kept = open_strategy("evidence", language_of("textworld"), writer="rules")
    with pytest.raises(StopIteration) as stop:
        next(kept.revise(Memory(), [played], len))
    links: tuple[Link, ...] = stop.value.value.memory.links
    fried = [str(link) for link in links if link.effect.startswith(("fry ", "roast "))]
    assert fried == [
        "cook green hot pepper with stove MAY BE NECESSARY to fry green hot pepper",
        "cook white tuna with oven MAY BE NECESSARY to roast white tuna",
        "cook yellow apple with stove MAY BE NECESSARY to fry yellow apple",
    ]
