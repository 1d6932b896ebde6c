"""Every strategy keeps the contract; the writers write what the trials support."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from languages import COMPACT, SCIENCE

from memory import rules
from memory.links import parse
from memory.strategies import (
    Episode,
    Revised,
    StrategyError,
    Traits,
    open_strategy,
    strategy_names,
)
from memory.strategies._telling import BANDS, in_words
from memory.testing import memories, scores, texts, trials
from memory.trials import Ending, Memory, Step, Trial

NOTHING = Memory()


def words(text: str) -> int:
    return len(text.split())


def answered(revision, replies: list[str]) -> tuple[Revised, list[str]]:
    """Run a revision with these replies; the memory it ends with and the prompts that it asked."""
    prompts, given_replies = [], iter(replies)
    try:
        prompt = next(revision)
        while True:
            prompts.append(prompt.text)
            prompt = revision.send(next(given_replies))
    except StopIteration as stop:
        return stop.value, prompts


def told(
    *steps: tuple[str, str, float],
    ending: Ending = Ending.BUDGET,
    recalled: Memory = NOTHING,
    number: int = 0,
) -> Trial:
    return Trial(
        number,
        "Your task is to find a frog.",
        "A hallway.",
        tuple(Step(*step) for step in steps),
        ending,
        recalled,
    )


LOST = told(
    ("teleport to outside", "You teleport to the outside.", 8),
    ("focus on bee", "You focus on the bee.", -100),
    ending=Ending.LOST,
)
WON = told(
    ("teleport to outside", "You teleport to the outside.", 8),
    ("focus on frog", "You focus on the frog.", 100),
    ending=Ending.WON,
)


@pytest.mark.parametrize("name", strategy_names())
@given(st.data())
def test_every_strategy_ends_with_a_memory_whatever_it_is_told(name: str, data) -> None:
    strategy = open_strategy(name, SCIENCE)
    seen = data.draw(st.lists(trials(), min_size=1, max_size=3))
    reply = data.draw(texts(300))
    revised, prompts = answered(strategy.revise(Memory(), seen, words), [reply] * 5)
    assert isinstance(revised.memory, Memory)
    assert isinstance(strategy.traits, Traits)
    assert bool(revised.tallies) <= strategy.traits.counts
    assert bool(prompts) <= strategy.traits.has_writer
    assert isinstance(strategy.recall(revised.memory, "goal"), Memory)
    episode = Episode("w", "t", 0, tuple(seen), tuple(Memory() for _ in seen))
    assert isinstance(
        answered(strategy.generalise([episode], "goal", "gen-env", words), [reply] * 5)[0].memory,
        Memory,
    )


def test_an_unknown_strategy_names_the_nearest() -> None:
    with pytest.raises(StrategyError, match="did you mean 'clin'"):
        open_strategy("clinn", SCIENCE)


def test_the_models_answer_replaces_the_memory() -> None:
    strategy = open_strategy("clin", SCIENCE, writer="model")
    reply = "1. going outside SHOULD BE NECESSARY to finding the frog\nand so on"
    revised, [prompt] = answered(
        strategy.revise(Memory((parse("X MAY CONTRIBUTE to Y"),)), [WON], words), [reply]
    )
    assert [str(link) for link in revised.memory.links] == [
        "going outside SHOULD BE NECESSARY to finding the frog"
    ]
    assert revised.unreadable == ("and so on",)
    for must in ("find a frog", "> focus on frog", "You focus on the frog.", "the task was solved"):
        assert must in prompt


def test_an_empty_answer_keeps_the_memory() -> None:
    old = Memory((parse("X MAY CONTRIBUTE to Y"),))
    revised, _ = answered(
        open_strategy("clin", SCIENCE).revise(old, [LOST], words), ["I cannot tell."]
    )
    assert revised == Revised(old, ("I cannot tell.",))


def test_a_long_trace_drops_meta_memory_then_memories_then_detail() -> None:
    meta, early = (
        Memory((parse("META MAY CONTRIBUTE to Y"),)),
        Memory((parse("EARLY MAY CONTRIBUTE to Y"),)),
    )
    long = [(f"act {n}", f"First sentence {n}. Second sentence {n}.", 0.0) for n in range(60)]
    seen = [told(("x", "y", 0.0), recalled=meta), told(*long, recalled=early, number=1)]
    left = {}
    for budget in (2000, 690, 680, 500, 350):
        _, [prompt] = answered(
            open_strategy("clin", SCIENCE, budget=budget).revise(Memory(), seen, words), [""]
        )
        assert words(prompt) <= budget
        left[budget] = tuple(
            mark in prompt for mark in ("META", "EARLY", "Second sentence 0", "act 0\n", "act 59")
        )
    assert left[2000] == (True, True, True, True, True)
    assert left[350] == (False, False, False, False, True)
    assert sorted(left.values(), reverse=True) == list(left.values())


@given(scores())
def test_every_score_lies_in_one_band(score: float) -> None:
    meanings = [meaning for _, meaning in BANDS] + ["the task was solved"]
    assert meanings.count(in_words(score)) == 1


def test_the_seven_bands() -> None:
    assert len({in_words(score) for score in (-100, -20, 5, 30, 70, 95, 100)}) == 7


def lines(*seen: Trial) -> list[str]:
    return [str(link) for link in rules.links(seen, SCIENCE)]


def test_rules_blame_what_lost_points_and_keep_what_helped() -> None:
    assert lines(LOST)[0] == "focus on bee DOES NOT CONTRIBUTE to the task"
    assert "teleport to outside SHOULD BE NECESSARY to make progress" in lines(LOST)


def test_rules_accumulate_over_trials() -> None:
    other = told(
        ("teleport to outside", "You teleport to the outside.", 8),
        ("focus on ant", "You focus on the ant.", -100),
    )
    both = lines(LOST, other)
    assert both[:2] == [
        "focus on bee DOES NOT CONTRIBUTE to the task",
        "focus on ant DOES NOT CONTRIBUTE to the task",
    ]


def test_rules_tell_the_whole_way_once_a_trial_is_won() -> None:
    assert lines(LOST, WON) == [
        "focus on bee DOES NOT CONTRIBUTE to the task",
        "teleport to outside SHOULD BE NECESSARY to focus on frog",
        "focus on frog SHOULD BE NECESSARY to complete the task",
    ]


def test_one_sighting_is_may_and_two_are_should() -> None:
    vain = told(
        ("teleport to kitchen", "You teleport to the kitchen.", 0), ("look around", "nothing", 0)
    )
    assert lines(vain) == ["teleport to kitchen MAY NOT CONTRIBUTE to the task"]
    assert lines(vain, vain) == ["teleport to kitchen DOES NOT CONTRIBUTE to the task"]


@given(st.lists(trials(), max_size=4))
def test_rules_never_raise_and_stay_bounded(seen: list[Trial]) -> None:
    found = rules.links(seen, SCIENCE)
    assert len(found) <= rules.MOST
    assert len(set(found)) == len(found)
    assert all(parse(str(link)) == link for link in found)


def test_the_compact_prompt_is_what_the_model_was_trained_on() -> None:
    memory = Memory((parse("focus on bee DOES NOT CONTRIBUTE to the task"),))
    assert COMPACT.head("Your task is to find a frog.\nFirst, focus.", memory, "") == (
        "Task: find a frog. First, focus.\n",
        "Memory:\n",
        "- focus on bee DOES NOT CONTRIBUTE to the task\n",
    )
    assert COMPACT.head("x", Memory(), "")[-1] == "none\n"
    room = (
        "This room is called the kitchen. In it, you see: \n\tthe agent\n\ta substance called "
        "air\n\ta chair. On the chair is: nothing.\n"
        "\ta glass jar (containing a substance called sodium chloride)\n\ta stove, which is "
        "turned off. On the stove is: nothing.\n"
        "You also see:\n\tA door to the hallway (that is open)"
    )
    assert COMPACT.turn(Step("look around", room, 0.0)) == (
        ">",
        " look around\n",
        "kitchen: chair; glass jar (sodium chloride); stove off\n",
    )


@given(texts(40), texts(3000), memories(3))
def test_the_compact_prompt_is_bounded_whatever_the_world_says(
    action: str, observation: str, memory: Memory
) -> None:
    assert len(SCIENCE.shortened(action, observation)) <= 1200
    for part in COMPACT.head(observation, memory, ""):
        assert part.endswith("\n")
        assert part.count("\n") == 1
