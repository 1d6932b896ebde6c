"""What is seen and held, told once: all of it in a new place, and then what has changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from memory.language import Language


@dataclass(frozen=True)
class Sights:
    """The ``place`` where one is (empty where the world does not say), a short phrase for each
    thing ``seen`` there, and for each that is ``held``."""

    place: str = ""
    seen: tuple[str, ...] = ()
    held: tuple[str, ...] = ()

    @classmethod
    def of(cls, surroundings: str, language: Language) -> Sights:
        """What ``surroundings`` tell in their world's ``language``."""
        place, seen, held = language.sights(surroundings)
        return cls(place, tuple(seen), tuple(held))


def told(now: Sights, before: Sights | None) -> str:
    """What is new since ``before``; all, where that is nothing or another place. Empty where
    nothing is new."""
    if before is None or now.place != before.place or not set(now.seen) & set(before.seen):
        lines = [_place(now), _held(now.held, () if before is None else before.held)]
    else:
        new = [each for each in now.seen if each not in before.seen]
        lines = [
            f"Now here: {'; '.join(new)}." if new else "",
            _gone(now, before, new),
            _held(now.held, before.held),
        ]
    return " ".join(filter(None, lines))


def _place(now: Sights) -> str:
    if not now.place:
        return "\n".join(now.seen)
    return f"You are in the {now.place}. You see: {'; '.join(now.seen) or 'nothing'}."


def _held(now: Sequence[str], before: Sequence[str]) -> str:
    if set(now) == set(before):
        return ""
    return f"You hold: {', '.join(now) or 'nothing'}."


def _first_word(phrase: str) -> str:
    return re.split(r"\W", phrase, maxsplit=1)[0]


def _gone(now: Sights, before: Sights, new: Sequence[str]) -> str:
    """What is no longer seen; not what is seen in another state, which :func:`told` names."""
    changed = {_first_word(each) for each in new}
    gone = [
        each for each in before.seen if each not in now.seen and _first_word(each) not in changed
    ]
    return f"No longer here: {'; '.join(gone)}." if gone else ""
