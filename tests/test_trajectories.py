"""Trajectories as notes: what is similar is found by the task, and each says what it was for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from languages import SCIENCE

from memory.passages import retrieve
from memory.strategies import Episode, StrategyError, open_strategy
from memory.strategies._trajectories import (
    LONGEST_GOAL,
    MOST,
    gainful,
    goal_of,
    quoted,
    score_of,
    told,
    unquoted,
)
from memory.testing import texts, trials
from memory.trials import Ending, Memory, Step, Trial

BOIL, GROW = "Your task is to boil lead.", "Your task is to grow an orange."


def played(goal: str, score: float, *actions: str) -> Trial:
    done = [*(Step(action, "Done.", 0.0) for action in actions), Step("end", "Done.", score)]
    return Trial(0, goal, "", tuple(done), Ending.BUDGET)


def kept(*seen: Trial) -> Memory:
    memory = Memory()
    for trial in seen:
        with pytest.raises(StopIteration) as stop:
            next(open_strategy("exprag", SCIENCE).revise(memory, [trial], len))
        memory = stop.value.value.memory
    return memory


@given(st.one_of(texts(400), st.just('of the task "a\\" that scored 5: ')))
def test_a_task_on_one_line_is_read_back(goal: str) -> None:
    assert unquoted(quoted(goal)) == " ".join(goal.split())[:LONGEST_GOAL]
    assert "\n" not in quoted(goal)


@given(trials())
def test_a_trajectory_says_its_task_and_score_and_is_read_like_one_without(trial: Trial) -> None:
    note = told(trial, goal=True)
    assert goal_of(note) == " ".join(trial.goal.split())[:LONGEST_GOAL]
    assert score_of(note) == score_of(told(trial)) == trial.score
    assert goal_of(told(trial)) == ""
    assert (gainful(note) is None) is (gainful(told(trial)) is None) is False


def test_the_trajectories_of_the_most_similar_tasks_are_read_the_most_similar_last() -> None:
    seen = [
        played(GROW, 100, "plant seed"),
        played("Your task is to boil water.", 100, "use sink"),
        played(BOIL, 20, "wait"),
        played(BOIL, 60, "activate stove"),
        played("Your task is to find a frog.", 100, "go outside"),
    ]
    read = open_strategy("exprag", SCIENCE, shown=3).recall(kept(*seen), BOIL).notes
    assert [(goal_of(note), score_of(note)) for note in read] == [
        ("Your task is to boil water.", 100),
        (BOIL, 20),
        (BOIL, 60),
    ]


def test_what_shares_no_word_with_the_task_is_not_read() -> None:
    strategy = open_strategy("exprag", SCIENCE)
    assert strategy.recall(kept(played(GROW, 100, "plant seed")), BOIL).notes == ()
    assert strategy.recall(Memory(notes=("A note of other kinds: boil lead.",)), BOIL).notes == ()


def test_of_equals_the_best_then_the_newest_is_the_last() -> None:
    same = [played(BOIL, 50, f"wait {number}") for number in range(6)]
    read = open_strategy("exprag", SCIENCE).recall(kept(played(BOIL, 60), *same), BOIL).notes
    assert [score_of(note) for note in read] == [50, 50, 50, 60]
    assert ["wait 5" in note for note in read] == [False, False, True, False]


def test_at_the_step_the_similar_trajectory_says_what_was_done_next() -> None:
    memory = kept(
        played(GROW, 100, "open door", "plant seed"), played(BOIL, 100, "open door", "use stove")
    )
    read = open_strategy("exprag", SCIENCE).recall(memory, BOIL)
    actions = ["open door", "plant seed", "use stove"]
    done = [Step("open door", "The door is open.", 0.0)]
    (said,) = retrieve(read.notes, BOIL, "A door.", done, actions, SCIENCE)
    assert said.text == "use stove; end (score 100)"


def test_every_trial_of_earlier_episodes_is_carried_up_to_a_bound() -> None:
    seen = tuple(played(f"{BOIL} {number}", 5, "wait") for number in range(MOST + 5))
    past = [Episode("w", "t", 0, seen, ())]
    with pytest.raises(StopIteration) as stop:
        next(open_strategy("exprag", SCIENCE).generalise(past, BOIL, "gen-env", len))
    notes = stop.value.value.memory.notes
    assert len(notes) == MOST and goal_of(notes[-1]) == f"{BOIL} {MOST + 4}"


@pytest.mark.parametrize("name", ["exprag", "episodic"])
def test_a_wrong_option_is_one_line(name: str) -> None:
    with pytest.raises(StrategyError, match=f"^{name}'s shown is 1 or more, not 0$"):
        open_strategy(name, SCIENCE, shown=0)
    with pytest.raises(StrategyError, match="did you mean 'gen-env'"):
        next(open_strategy(name, SCIENCE).generalise([], BOIL, "genenv", len))
