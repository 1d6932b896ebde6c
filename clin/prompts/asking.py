"""The choice of a model that does not think first, where memory says what to do."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace

from clin.llms import Answer, Question
from clin.prompts import Move
from clin.prompts.reminders import Reminder


def chosen_at_once(
    choice: Question, now: Reminder, as_written: Callable[[str], str]
) -> Generator[Question, Answer, Move]:
    """Ask for the action. ``as_written``: an action as the model writes it.

    Where links say what to do, a guided model says first what it would do without them, and then
    chooses between that and what they say: among all the admissible actions, habit wins more often
    than memory (docs/results/recall.md).
    """
    if choice.guided and now.actions and len(choice.choices) > len(now.actions) + 1:
        own = (yield without_memory(choice)).text.strip()
        between = sorted({own, *now.actions})
        if between == [own]:
            return Move(own)
        choice = replace(choice, choices=tuple(map(as_written, between)))
    answer = yield choice
    return Move(answer.text.strip())


def without_memory(choice: Question) -> Question:
    """The same question to who is not told what memory says; the record keeps what that was."""
    begun = choice.begun if choice.plain_begun is None else choice.plain_begun
    return replace(
        choice, parts=choice.plain, begun=begun, plain=(), plain_begun=None, guidance=0.0
    )
