"""When two links mean the same, and when one denies the other.

This is the one place that decides it. Pins, bans and edits hold by it, and ``evidence`` keeps one
link for each claim by it. Tallies do not ask here: they are counted by a link's own wording, so
that counting a stored file anew gives what was stored.

Folded are case and articles, the form of the first verb ("opening", "open"), the names by
which a world's language calls one thing, and the ways to speak of progress and of completion. Only
verbs in -ing are folded: participles and plurals name states and things ("opened box", "keys"), and
those are other claims.
"""

from __future__ import annotations

from memory.evidence.events import COMPLETE, PROGRESS, TASK, is_complete, is_progress
from memory.language import Language
from memory.links import Link, Relation, conjuncts, folded, joined
from memory.verbs import base_form

PLAIN = Language()
"""For a run whose world is not known: no two names are taken for one thing."""
Claim = tuple[str, str]
Meaning = tuple[str, str, bool]
"""Cause and effect, folded, and whether the cause helps."""


def claim(link: Link, language: Language = PLAIN) -> Claim:
    """What ``link`` is about, in a world with this ``language``, whatever it says of it."""
    return phrase(link.cause, language), event(link.effect, language)


def meaning(link: Link, language: Language = PLAIN) -> Meaning:
    """What ``link`` says. Certainty and the step from contributing to necessary do not matter: a
    banned claim may not return in other words of the same sign."""
    return (*claim(link, language), helps(link))


def contradict(one: Link, other: Link, language: Language = PLAIN) -> bool:
    """Whether one says that a cause helps and the other that it does not. What helps to complete
    the task helps the task, so there the two effects are one."""
    return stance(one, language) == denial(other, language)


def stance(link: Link, language: Language = PLAIN) -> Meaning:
    """The meaning of ``link``, with all that is about the task as a whole as one effect."""
    cause, effect = claim(link, language)
    whole = is_progress(effect) or is_complete(effect)
    return cause, TASK if whole else effect, helps(link)


def denial(link: Link, language: Language = PLAIN) -> Meaning:
    """The stance that contradicts ``link``."""
    cause, about, good = stance(link, language)
    return cause, about, not good


def helps(link: Link) -> bool:
    """Whether ``link`` says that its cause helps."""
    return link.relation is not Relation.NOT_CONTRIBUTE


def phrase(text: str, language: Language = PLAIN) -> str:
    """A cause or an effect as it is compared: "opening the box" and "open box" are one. The parts
    of a conjunction may stand in any order."""
    parts = {_one(part, language) for part in conjuncts(text)}
    return joined(sorted(parts))


def _one(text: str, language: Language) -> str:
    first, space, rest = folded(text).partition(" ")
    return language.called(base_form(first) + space + rest)


def event(text: str, language: Language = PLAIN) -> str:
    """As :func:`phrase`, with all ways to speak of progress as one, and all of completion."""
    said = phrase(text, language)
    if is_progress(said):
        return folded(PROGRESS)
    return folded(COMPLETE) if is_complete(said) else said
