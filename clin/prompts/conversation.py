"""A stored trial as chat messages, for tools that fine-tune models: what its acting prompt kept.

The head becomes the system's and the first user's message, each action an assistant's, and what
came of it a user's. What a prompt holds for one step alone (what can be done, what memory recalls)
is left out, as the prompt itself drops it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clin.prompts import Style
from memory.trials import Trial

SYSTEM = ("how to act", "forms of action", "example")
"""The sections of the head that say how to play, whatever the task."""
OBSERVED = "Observation: "
Message = dict[str, str]
Prompts = Mapping[int, Sequence[str]]
"""By step, the parts of the prompt that the acting model read there; only where it was asked."""


def messages(trial: Trial, prompts: Prompts, layout: Style) -> list[Message]:
    """The messages of ``trial``, which end with its last action; none without a step.

    What was seen around stands in the stored ``prompts`` alone. Where there is none, because a
    person or a loop of its own acted or one action alone was offered, the ``layout`` tells what the
    store has.
    """
    if not trial.steps:
        return []
    system, first = _head(trial, prompts, layout)
    told = [_message("system", system)] if system else []
    told.append(_message("user", first))
    for number, step in enumerate(trial.steps):
        *acted, observed = layout.turn(step)
        told.append(_message("assistant", "".join(acted).strip().removeprefix(">")))
        told.append(_message("user", _observed(prompts.get(number + 1, ())) or observed))
    return told[:-1]


def _head(trial: Trial, prompts: Prompts, layout: Style) -> tuple[str, str]:
    """What the system says and what the user says first."""
    sections = [
        (_section(part, layout), part)
        for part in layout.head(trial.goal, trial.recalled, trial.opening)
    ]
    if layout.tells_surroundings and prompts:
        known = {name for name, _ in sections} | {*SYSTEM}
        read = ((_section(part, layout), part) for part in prompts[min(prompts)])
        sections = [(name, part) for name, part in read if name in known]
    system = "".join(part for name, part in sections if name in SYSTEM)
    return system, "".join(part for name, part in sections if name not in SYSTEM)


def _section(part: str, layout: Style) -> str:
    found = (name for begins, name in layout.sections if part.startswith(begins))
    return next(found, layout.rest)


def _observed(parts: Sequence[str]) -> str:
    """What came of the step before, as a later prompt tells it."""
    return next((part for part in reversed(parts) if part.startswith(OBSERVED)), "")


def _message(role: str, content: str) -> Message:
    return {"role": role, "content": content.strip()}
