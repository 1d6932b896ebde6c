"""A link's life over the trials of a run, and the steps that speak of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from memory.links import Link
from memory.store import Store
from memory.trials import Step

_SMALL = frozenset(
    [
        "a",
        "an",
        "the",
        "to",
        "of",
        "in",
        "on",
        "at",
        "and",
        "or",
        "is",
        "are",
        "be",
        "it",
        "its",
        "that",
        "this",
        "with",
        "for",
        "from",
        "by",
    ]
)


@dataclass(frozen=True)
class Stage:
    """One version in a link's life: after which trial (None: before the first), by whom, in which
    form (None: not held), and the steps of that trial that mention its cause or effect, by
    position."""

    version: int
    trial: int | None
    writer: str
    form: Link | None
    steps: tuple[tuple[int, Step], ...]


def history(store: Store, run: str, link: Link) -> list[Stage]:
    """Every version of ``run`` in which the link appears, changes or is missing after having been
    there."""
    numbers = {row.id: row.number for row in store.trials(run)}
    stages: list[Stage] = []
    for version in store.versions(run):
        form = next((each for each in version.memory.links if each.claim == link.claim), None)
        if form is None and (not stages or stages[-1].form is None):
            continue
        number = numbers.get(version.trial) if version.trial else None
        steps = tuple(
            (position, step)
            for position, step in enumerate(store.steps(version.trial) if version.trial else ())
            if mentions(step, link.cause) or mentions(step, link.effect)
        )
        stages.append(Stage(version.id, number, version.writer, form, steps))
    return stages


def mentions(step: Step, phrase: str) -> bool:
    """Whether all words of ``phrase`` that carry meaning stand in the step's action or
    observation."""
    words = {word for word in _words(phrase) if word not in _SMALL}
    return bool(words) and (
        words <= set(_words(step.action)) or words <= set(_words(step.observation))
    )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
