"""What a strategy asks in plain words, as questions to the model that writes the memory."""

from __future__ import annotations

from collections.abc import Callable, Generator

from clin.errors import ModelError
from clin.llms import Answer, ModelCard, Question
from clin.prompts import compact_writer as compact_writing
from clin.prompts import style
from clin.rollout.trial import call
from memory.strategies import Prompt, Revised, Revision
from memory.trials import Call

SLACK = 16
"""Tokens by which a prompt in its template may be longer than its parts."""


def questions(
    revision: Revision, role: str, card: ModelCard, calls: list[Call], size: Callable[[str], int]
) -> Generator[Question, Answer, Revised]:
    """Turn a strategy's plain prompts into questions to a model and the answers into plain replies;
    ``size`` counts tokens."""
    try:
        prompt = next(revision)
        while True:
            question = _question(prompt, role, card, size)
            answer = yield question
            calls.append(call(question, answer, card))
            own = style(card.prompt).own_form or not question.grammar
            prompt = revision.send(answer.text if own else _whole(answer))
    except StopIteration as stop:
        revised: Revised = stop.value
        return revised


def _question(prompt: Prompt, role: str, card: ModelCard, size: Callable[[str], int]) -> Question:
    """The prompt in the form that the model was made for. ModelError for a model that was made for
    others."""
    if not style(card.prompt).own_form:
        return _in_words(prompt, role, card, size)
    if prompt.about is None or role not in card.roles:
        raise ModelError(
            f"{card.name} was not made to write such a memory (its roles: "
            f"{', '.join(card.roles)}); use --writer rules"
        )
    parts = compact_writing.asked(prompt.about, size, card.context)
    # One token begins every prompt.
    left = card.context - sum(map(size, parts)) - 1 if card.context else prompt.max_tokens
    most = max(1, min(prompt.max_tokens, compact_writing.ROOM, left))
    return Question(
        parts, grammar=compact_writing.grammar(prompt.about), max_tokens=most, role=role
    )


def _in_words(prompt: Prompt, role: str, card: ModelCard, size: Callable[[str], int]) -> Question:
    """The strategy's words, told within what the context leaves for them."""
    text, most = prompt.text, prompt.max_tokens
    if card.context:
        most = max(1, min(most, card.context // 4))
        room = card.context - most - card.template.tokens(size) - SLACK
        if prompt.within and size(text) > room:
            text = prompt.within(room)
    return Question((text,), grammar=prompt.grammar, max_tokens=most, role=role)


def _whole(answer: Answer) -> str:
    """The reply without a last line that was cut off: half a link would be another one."""
    if answer.finish != "length":
        return answer.text
    return answer.text[: answer.text.rfind("\n") + 1]
