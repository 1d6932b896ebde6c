"""How a model of the prompt ``compact-2`` is asked to write a memory (roles ``revise`` and ``generalise``).

To revise, what it read as the actor goes on: the trial's own prompt, how the trial ended, which actions changed the score, then
``Learned:`` and a line ``- link`` for each link, until an empty line. So a cache that holds the trial need read no more than the
end. To generalise, it reads the next task and what was learned ``Elsewhere:``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from clin import compact
from clin.play import Context
from clin.prompt import Compact
from memory.strategies import Elsewhere, LookingBack
from memory.trials import Memory, Step, Trial

LEARNED, ELSEWHERE, END = "Learned:\n", "Elsewhere:\n", "\n"
ROOM = 448
"""Tokens of the context that are kept for the ending and what is written."""
MOST_CHANGES = 8
"""Changes of the score that are told, the latest."""
LONGEST_ACTION = 80
GRAMMAR = r"""
root ::= line{0,14} "\n"
line ::= "- " words " " relation " " words "\n"
relation ::= "MAY BE NECESSARY to" | "SHOULD BE NECESSARY to" | "MAY NOT CONTRIBUTE to" | "DOES NOT CONTRIBUTE to"
words ::= word (" " word){0,23}
word ::= [a-zA-Z0-9] [a-zA-Z0-9'(),:/-]{0,23}
"""
"""GBNF of what is written: any number of links, also none."""


def asked(about: LookingBack | Elsewhere, size: Callable[[str], int], room: int) -> tuple[str, ...]:
    """The prompt in at most ``room`` tokens (0: any number)."""
    if isinstance(about, LookingBack):
        return revising(about.trial, size, room)
    return generalising(about.goal, [tuple(map(str, each.links)) for each in about.memories], size, room)


def revising(trial: Trial, size: Callable[[str], int], room: int) -> tuple[str, ...]:
    """The trial as its actor read it, the oldest steps left out where they do not fit, and how it ended."""
    head = compact.head(trial.goal, trial.recalled, trial.opening)
    context = Context(Compact(), max(1, room - ROOM) if room else 0, size, head)
    for step in trial.steps:
        context.append(step)
    return (*context.parts(), *ending(trial.ending, trial.steps))


def ending(ended: str, steps: Sequence[Step]) -> tuple[str, ...]:
    """How the trial ended, and the actions that changed its score."""
    score = f"{steps[-1].score:.0f}" if steps else "0"
    return (f"Ended: {ended}, {score} points\n", *_changes(steps), LEARNED)


def _changes(steps: Sequence[Step]) -> Iterator[str]:
    before, told = 0.0, []
    for step in steps:
        if round(step.score) != round(before):
            told.append(f"{step.score - before:+.0f} {step.action[:LONGEST_ACTION]}\n")
        before = step.score
    yield from told[-MOST_CHANGES:]


def generalising(goal: str, memories: Sequence[Sequence[str]], size: Callable[[str], int], room: int) -> tuple[str, ...]:
    """The next task and the memories of earlier episodes, the first of which are left out where they do not fit."""
    while True:
        told = [part for lines in memories for part in (ELSEWHERE, *(written(lines)))]
        parts = (compact.head(goal, Memory())[0], *told, LEARNED)
        if not room or sum(map(size, parts)) + ROOM <= room or len(memories) <= 1:
            return parts
        memories = memories[1:]


def written(lines: Sequence[str]) -> tuple[str, ...]:
    """Links as the model writes them, without the empty line that ends them."""
    return tuple(f"- {line}\n" for line in lines)
