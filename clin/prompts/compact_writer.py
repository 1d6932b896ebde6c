"""How a model of the prompt ``compact-2`` is asked to write a memory (roles ``revise`` and
``generalise``).

To revise, what it read as the actor goes on: the trial's own prompt, how the trial ended, which
actions changed the score, then ``Learned:`` and a line ``- link`` for each link, until an empty
line. So a cache that holds the trial need read no more than the end. To generalise, it reads the
next task and what was learned ``Elsewhere:``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from clin.prompts import compact
from clin.prompts.compact import Compact
from clin.rollout.context import Context
from memory.evidence.events import COMPLETE, PROGRESS, TASK
from memory.grammar import MOST, done_in, either, literal
from memory.language import Language
from memory.strategies import GeneralisationRequest, RevisionRequest
from memory.trials import Step, Trial

LEARNED, ELSEWHERE, END = "Learned:\n", "Elsewhere:\n", "\n"
ROOM = 448
"""Tokens of the context that are kept for the ending and what is written."""
MOST_CHANGES = 8
"""Changes of the score that are told, the latest."""
LONGEST_ACTION = 80


def grammar(about: RevisionRequest | GeneralisationRequest) -> str:
    """GBNF of what is written: links between the trial's own actions and what they bring about, or
    what it had read, where the scores do not contradict them (what lost points does not help, what
    gained some is not idle); generalising, what was learned elsewhere. Any number of them, also
    none."""
    if isinstance(about, RevisionRequest):
        said = about.trial.recalled.links
        done = done_in(about.trial, about.language)
        gained, lost = done.gained, done.lost
        actions = done.actions[-MOST:]
        effects = list(dict.fromkeys([PROGRESS, COMPLETE, *done.finds[:MOST], *actions]))
        helps = _pair([each for each in actions if each not in lost], "sure", effects)
        idle = _pair([each for each in actions if each not in gained], "not", [TASK])
    else:
        said = tuple(link for memory in about.memories for link in memory.links)
        helps, idle, gained, lost = "", "", frozenset(), frozenset()
    again = [
        _again(cause, effect, cause in gained, cause in lost)
        for cause, effect in dict.fromkeys((link.cause, link.effect) for link in said)
    ]
    lines = [each for each in (helps, idle, *again) if each]
    if not lines:
        return 'root ::= "\\n"'
    return f"""
root ::= line{{0,14}} "\\n"
line ::= "- " ({" | ".join(lines)}) "\\n"
sure ::= " MAY BE NECESSARY to " | " SHOULD BE NECESSARY to "
not ::= " MAY NOT CONTRIBUTE to " | " DOES NOT CONTRIBUTE to "
"""


def _again(cause: str, effect: str, gained: bool, lost: bool) -> str:
    how = "sure" if gained else "not" if lost else "(sure | not)"
    return f"{literal(cause)} {how} {literal(effect)}"


def _pair(causes: Sequence[str], how: str, effects: Sequence[str]) -> str:
    """Any of ``causes`` with any of ``effects``; empty where there is no cause."""
    return f"({either(causes)}) {how} ({either(effects)})" if causes else ""


def asked(
    about: RevisionRequest | GeneralisationRequest, size: Callable[[str], int], room: int
) -> tuple[str, ...]:
    """The prompt in at most ``room`` tokens (0: any number)."""
    if isinstance(about, RevisionRequest):
        return revising(about.trial, about.language, size, room)
    return generalising(
        about.goal, [tuple(map(str, each.links)) for each in about.memories], size, room
    )


def revising(
    trial: Trial, language: Language, size: Callable[[str], int], room: int
) -> tuple[str, ...]:
    """The trial as its actor read it, the oldest steps left out where they do not fit, and how it
    ended."""
    style = Compact(language)
    head = style.head(trial.goal, trial.recalled, trial.opening)
    context = Context(style, max(1, room - ROOM) if room else 0, size, head)
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


def generalising(
    goal: str, memories: Sequence[Sequence[str]], size: Callable[[str], int], room: int
) -> tuple[str, ...]:
    """The next task and the memories of earlier episodes, the first of which are left out where
    they do not fit."""
    while True:
        told = [part for lines in memories for part in (ELSEWHERE, *(written(lines)))]
        parts = (compact.task(goal), *told, LEARNED)
        if not room or sum(map(size, parts)) + ROOM <= room or len(memories) <= 1:
            return parts
        memories = memories[1:]


def written(lines: Sequence[str]) -> tuple[str, ...]:
    """Links as the model writes them, without the empty line that ends them."""
    return tuple(f"- {line}\n" for line in lines)
