"""What the ``clin`` strategy promises at its edges: budgets, options, generalisation."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from languages import SCIENCE
from transcripts import transcripts

from memory.links import parse
from memory.strategies import Episode, Revised, StrategyError, open_strategy
from memory.strategies._clin_prompts import HOW, SETTINGS, reflection
from memory.trials import Ending, Memory, Step, Trial

NOTHING = Memory()


def words(text: str) -> int:
    return len(text.split())


def memory(*lines: str) -> Memory:
    return Memory(tuple(map(parse, lines)))


def trial(*steps: Step, number: int = 0, recalled: Memory = NOTHING) -> Trial:
    return Trial(
        number, "a goal", "", steps or (Step("wait", "You wait.", 0.0),), Ending.BUDGET, recalled
    )


def episode(*memories: Memory, scores: tuple[float, ...]) -> Episode:
    return Episode("w", "t", 0, tuple(trial(Step("a", "b", score)) for score in scores), memories)


def by_rules(*past: Episode, setting: str = "gen-env") -> list[str]:
    """The meta-memory of the ``rules`` writer, which asks nothing."""
    with pytest.raises(StopIteration) as stop:
        next(
            open_strategy("clin", SCIENCE, writer="rules").generalise(
                past, "a goal", setting, words
            )
        )
    revised: Revised = stop.value.value
    return [str(link) for link in revised.memory.links]


def test_the_last_k_memories_are_shown_each_with_the_score_of_its_trial() -> None:
    seen = [
        trial(Step("a", "b", 10.0 * n), number=n, recalled=memory(f"M{n} MAY CONTRIBUTE to Y"))
        for n in range(1, 6)
    ]
    seen.insert(0, trial())
    for k in range(5):
        text = reflection(seen, k, 10_000, words, SCIENCE)
        assert [f"M{n} MAY" in text for n in range(1, 6)] == [n > 5 - k for n in range(1, 6)]
    assert "score 40):\n1. M5 MAY CONTRIBUTE to Y" in reflection(seen, 1, 10_000, words, SCIENCE)


@given(st.integers(1, 40), st.integers(1, 400), st.integers(400, 2000))
def test_a_prompt_keeps_its_budget_however_long_the_world_talks(
    steps: int, length: int, budget: int
) -> None:
    seen = [trial(*(Step(f"act {n}", "w " * length, 0.0) for n in range(steps)))]
    text = reflection(seen, 3, budget, words, SCIENCE)
    assert words(text) <= budget
    assert f"> act {steps - 1}\n" in text
    shown = text.partition("Task: a goal")[2].count("> act")
    left_out = map(int, re.findall(r"\((\d+) steps? (?:is|are) left out", text))
    assert shown + sum(left_out) == steps


def test_rules_generalise_what_episodes_share_as_sure_as_the_least_sure() -> None:
    one = episode(
        memory(
            "a SHOULD BE NECESSARY to b", "c SHOULD BE NECESSARY to d", "e DOES NOT CONTRIBUTE to f"
        ),
        scores=(9.0,),
    )
    two = episode(memory("c MAY BE NECESSARY to d", "e DOES NOT CONTRIBUTE to f"), scores=(9.0,))
    assert by_rules(one, two) == [
        "c MAY BE NECESSARY to d",
        "e DOES NOT CONTRIBUTE to f",
        "a MAY BE NECESSARY to b",
    ]


def test_rules_generalise_nothing_that_episodes_contradict() -> None:
    helps, hinders = (
        episode(memory(line), scores=(9.0,))
        for line in ("x SHOULD CONTRIBUTE to y", "x DOES NOT CONTRIBUTE to y")
    )
    assert by_rules(helps, hinders) == []


def test_an_episode_cut_off_before_its_last_revision_still_teaches() -> None:
    assert by_rules(episode(memory("x MAY CONTRIBUTE to y"), scores=(5.0, 50.0))) == [
        "x MAY CONTRIBUTE to y"
    ]
    assert by_rules(episode(scores=(5.0,))) == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"wrtier": "rules"}, "no option 'wrtier'; did you mean 'writer'"),
        ({"writer": "rule"}, "no writer 'rule'; did you mean 'rules'"),
        ({"k": -1}, "k is 0 or more, not -1"),
        ({"budget": 0}, "budget is 1 or more, not 0"),
    ],
)
def test_a_wrong_option_is_one_line(options: dict, says: str) -> None:
    with pytest.raises(StrategyError, match=says) as error:
        open_strategy("clin", SCIENCE, **options)
    assert "\n" not in str(error.value)


def test_an_unknown_setting_names_the_nearest() -> None:
    with pytest.raises(StrategyError, match="did you mean 'gen-env'"):
        next(open_strategy("clin", SCIENCE).generalise([], "a goal", "genenv", words))


def test_what_was_read_says_whether_it_comes_from_elsewhere() -> None:
    """A first trial reads what other places taught, a later one what this episode did."""
    held = memory("x MAY CONTRIBUTE to y")
    for number, says in ((0, "from other environments or tasks"), (1, "before this trial")):
        text = reflection([trial(number=number, recalled=held)], 0, 10_000, words, SCIENCE)
        assert f"Learnings {says}" in text and "1. x MAY CONTRIBUTE to y" in text


def test_the_examples_are_of_no_world_here() -> None:
    examples = " ".join([HOW, *(example for _, example in SETTINGS.values())])
    shown = " ".join(str(row["steps"]) for row in transcripts())
    for thing in ("foghorn", "windlass", "lantern", "porthole", "lighthouse", "reef"):
        assert thing in examples and not re.search(rf"\b{thing}\b", shown)
