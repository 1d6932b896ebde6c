"""How an instruction-tuned model is asked for a memory: within its context, and no half link is
taken from it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from languages import SCIENCE

from clin.defaults import chosen_writer
from clin.llms import Answer, ModelCard, Question
from clin.llms.chat_format import ChatFormat
from clin.prompts.writer import SLACK, questions
from memory.links import parse
from memory.strategies import Episode, Revised, Revision, open_strategy
from memory.testing import trials
from memory.trials import Ending, Memory, Step, Trial

LONG = Trial(
    0,
    "Your task is to ring the bell.",
    "A hall.",
    (
        *(Step(f"look at wall {n}", "It is a wall. " * 20, 0.0) for n in range(90)),
        Step("pull lever", "A bell rings.", 40.0),
        *[Step("wait", "Time passes.", 40.0)] * 8,
    ),
    Ending.BUDGET,
)


def words(text: str) -> int:
    return len(text.split())


def asked(revision: Revision, context: int, reply: Answer | None = None) -> Question | Revised:
    """The one question that a revision comes to; with a ``reply``, what that makes of it."""
    card = ModelCard("m", context=context, template=ChatFormat("<user>", "<model>"))
    asking = questions(revision, "revise", card, [], words)
    question = next(asking)
    if reply is None:
        return question
    with pytest.raises(StopIteration) as stop:
        asking.send(reply)
    revised: Revised = stop.value.value
    return revised


def question_of(strategy: str, seen: Sequence[Trial], context: int) -> Question:
    opened = open_strategy(strategy, SCIENCE, writer="model")
    question = asked(opened.revise(Memory(), seen, words), context)
    assert isinstance(question, Question)
    return question


@pytest.mark.parametrize("strategy", ["clin", "evidence", "reflexion"])
@pytest.mark.parametrize("context", [700, 1024, 2048, 100_000])
def test_the_prompt_and_the_reply_fit_the_context(strategy: str, context: int) -> None:
    question = question_of(strategy, [LONG], context)
    assert words(question.text) + question.max_tokens + SLACK <= context
    assert "> pull lever\nA bell rings.\n(score +40)\n" in question.text
    assert ("left out" in question.text) is (context < 100_000)
    assert ("> wait x8\n" in question.text) is (context < 100_000)


@given(st.lists(trials(), min_size=1, max_size=3), st.integers(1200, 3000))
def test_it_fits_whatever_the_trials(seen: list[Trial], context: int) -> None:
    for strategy in ("clin", "evidence"):
        question = question_of(strategy, seen, context)
        assert words(question.text) + question.max_tokens <= context


@pytest.mark.parametrize("setting", ["gen-env", "gen-task"])
def test_a_meta_memory_is_asked_for_with_one_example_of_no_world(setting: str) -> None:
    memory = Memory((parse("open door MAY BE NECESSARY to go to hall"),))
    past = [Episode("w", "t", 0, (LONG,), (memory,))]
    strategy = open_strategy("clin", SCIENCE, writer="model")
    question = asked(strategy.generalise(past, "Your task is to sing.", setting, words), 4096)
    assert isinstance(question, Question)
    assert question.text.count("End of the example.") == 1
    assert "1. open door MAY BE NECESSARY to go to hall" in question.text
    assert question.text.index("foghorn") < question.text.index("The next task: Your task is to s")
    assert '"open door" (sure) "go to hall"' in question.grammar


def test_a_last_line_that_was_cut_off_is_left_out() -> None:
    said = "pull lever SHOULD BE NECESSARY to make progress\nwait MAY BE NECESSARY to make pro"
    opened = open_strategy("clin", SCIENCE, writer="model")
    for finish, links in (("length", 1), ("stop", 2)):
        revision = opened.revise(Memory(), [LONG], words)
        revised = asked(revision, 4096, Answer(said, finish=finish))
        assert isinstance(revised, Revised) and len(revised.memory.links) == links


def test_a_reflection_that_was_cut_off_is_kept() -> None:
    opened = open_strategy("reflexion", SCIENCE, writer="model")
    revised = asked(
        opened.revise(Memory(), [LONG], words), 4096, Answer("I waited too", finish="length")
    )
    assert isinstance(revised, Revised) and revised.memory.notes == ("I waited too",)


@pytest.mark.parametrize(
    ("guidance", "strategy", "asked", "chosen"),
    [
        (0.0, "evidence", None, "model"),
        (4.0, "evidence", None, "rules"),
        (4.0, "evidence", "model", "model"),
        (4.0, "cheatsheet", None, "model"),
    ],
)
def test_for_a_small_model_the_rules_write_what_rules_can(
    guidance: float, strategy: str, asked: str | None, chosen: str
) -> None:
    card = ModelCard("any", prompt="full-2", guidance=guidance)
    assert chosen_writer(asked, card, strategy) == chosen
