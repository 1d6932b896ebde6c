"""Workflows: what solved a task is kept with slots, and said in the words of the next goal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from languages import CAUSAL
from test_strategies import answered, words

from memory.passages import retrieve
from memory.strategies import open_strategy
from memory.strategies.awm import UNTITLED, Workflow, _abstract, read
from memory.testing import texts
from memory.trials import Ending, Memory, Step, Trial
from worlds import open_world

PASTE, GLUE = "Your task is to make paste.", "Your task is to make glue."


def won(goal: str, *actions: str, score: float = 100) -> Trial:
    done = [Step(action, "Done.", 0.0) for action in actions[:-1]]
    steps = (*done, Step(actions[-1], "Done.", score))
    return Trial(0, goal, "", steps, Ending.WON if score >= 100 else Ending.BUDGET)


def kept(*seen: Trial, replies: tuple[str, ...] = (), writer: str = "rules") -> Memory:
    strategy, memory = open_strategy("awm", CAUSAL, writer=writer), Memory()
    for trial in seen:
        memory = answered(strategy.revise(memory, [trial], words), list(replies))[0].memory
    return memory


def recalled(memory: Memory, goal: str) -> list[str]:
    return [*open_strategy("awm", CAUSAL, writer="rules").recall(memory, goal).notes]


def test_a_workflow_is_said_in_the_words_of_the_next_goal() -> None:
    memory = kept(won(PASTE, "move ash to press", "activate press", "pick up paste"))
    assert memory.notes == (
        'Workflow of the task "Your task is to make {paste}.", all of it: '
        "move ash to press; activate press; pick up {paste}",
    )
    assert recalled(memory, GLUE) == [
        "What solved a task like this: move ash to press; activate press; pick up glue"
    ]


def test_of_a_goal_of_another_form_the_old_names_stay() -> None:
    memory = kept(won(PASTE, "activate press", "pick up paste"))
    assert recalled(memory, "Repair the lathe with paste that you find in the garden.") == [
        "What solved a task like this: activate press; pick up paste"
    ]


def test_only_what_solved_the_task_is_kept() -> None:
    assert kept(won(PASTE, "activate press", "wait", score=80)) == Memory()
    assert kept(won(PASTE, "wait")) == Memory()


def test_two_trials_of_one_form_become_what_they_share() -> None:
    memory = kept(
        won(PASTE, "go to attic", "activate press", "pick up paste", "move paste to chute"),
        won(GLUE, "activate press", "go to hall", "pick up glue", "move glue to chute"),
    )
    assert [read(note).steps for note in memory.notes] == [
        ("activate press", "pick up {glue}", "move {glue} to chute")
    ]
    other = kept(won(PASTE, "activate press", "wait"), won(GLUE, "go to hall", "use saw on lathe"))
    assert len(other.notes) == 2


@given(texts(60), st.lists(texts(30), min_size=2, max_size=8))
def test_what_is_kept_is_read_back(goal: str, steps: list[str]) -> None:
    plain = [" ".join(step.replace(";", ",").split()) for step in steps]
    flow = _abstract(goal, UNTITLED, [step for step in plain if step])
    if flow.goal and flow.steps:
        assert read(flow.note()) == flow
    assert read(goal) is None


def test_a_model_names_the_sub_routines_and_its_other_lines_are_kept_apart() -> None:
    trial = won(PASTE, "move ash to press", "activate press", "pick up paste", "wait")
    reply = (
        "Workflow: use the press\nmove ash to press\nActivate press\nfly away\nWorkflow: x\nwait"
    )
    strategy = open_strategy("awm", CAUSAL, writer="model")
    revised, [prompt] = answered(strategy.revise(Memory(), [trial], words), [reply])
    assert [read(note) for note in revised.memory.notes] == [
        Workflow(
            "Your task is to make paste.", "use the press", ("move ash to press", "activate press")
        )
    ]
    assert revised.unreadable == ("fly away",)
    assert "> pick up paste" in prompt and "make paste" in prompt


def test_the_question_keeps_its_budget_and_allows_only_actions_that_were_done() -> None:
    trial = won(PASTE, *(f"use tool {number} on press" for number in range(30)))
    question = next(open_strategy("awm", CAUSAL).revise(Memory(), [trial], words))
    assert words(question.within(150)) <= 150
    assert '"use tool 29 on press" "\\n"' in question.grammar and "attic" not in question.grammar


@pytest.mark.parametrize("task", ["repair", "make", "deliver"])
def test_a_workflow_says_at_the_step_what_was_done_next(task: str) -> None:
    """After the first action, which follows nothing."""
    world = open_world("causal", task, 3, rules=5)
    opening, made, offered = world.reset().text, [], []
    for action in world.plan():
        offered.append(world.actions())
        seen = world.step(action)
        made.append(Step(action, seen.text, seen.score))
    memory = kept(Trial(0, world.goal, opening, tuple(made), Ending.WON))
    notes = recalled(memory, world.goal)
    for at in range(1, len(made)):
        said = retrieve(notes, world.goal, opening, made[:at], offered[at], CAUSAL)
        assert said[0].text.split(";")[0] == made[at].action
