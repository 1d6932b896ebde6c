"""What a phrase of a memory says, whatever the trial: how an action may be worded, whether it is a
move, what it is done to. It is kept, since the same phrases are asked about at each step."""

from __future__ import annotations

from functools import lru_cache

from memory.evidence.events import spellings
from memory.language import Language
from memory.links import folded
from memory.rules.naming import thing, verb, words

KEPT = 1 << 17
"""Phrases of which that is kept."""


@lru_cache(maxsize=KEPT)
def spelled(phrase: str) -> tuple[str, ...]:
    """As :func:`memory.evidence.events.spellings`."""
    return tuple(spellings(phrase))


@lru_cache(maxsize=KEPT)
def is_move(language: Language, phrase: str) -> bool:
    """Whether it leads somewhere else."""
    return any(map(language.is_move, spelled(phrase)))


@lru_cache(maxsize=KEPT)
def place_of(language: Language, phrase: str) -> str:
    """The place that it leads to; empty where it names none."""
    places = (folded(language.destination(name)) for name in spelled(phrase))
    return next(filter(None, places), "")


def takes(language: Language, action: str) -> bool:
    """Whether it picks something up."""
    return language.takes_or_opens(action) and not language.opens(action)


@lru_cache(maxsize=KEPT)
def done_to(phrase: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words for the thing that an action is done to, and all words beside its verb."""
    return thing(phrase), words(phrase[len(verb(phrase)) :])
