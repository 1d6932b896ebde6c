"""A person corrects a memory: what there is to correct, and what holds for writers from then on.

======  =====================================================================
add     put a link in; it is pinned, or the next rewriting would forget it
drop    take a link out of the memory as it is; a writer may find it again
edit    replace a link by another, which is pinned
pin     keep a link through all rewriting, in this wording
unpin   let writers decide again
ban     take a link out and keep it out, in any wording that means the same
unban   let writers find it again
======  =====================================================================

:meth:`memory.store.Store.correct` makes one. Each is a new version of the memory, recorded with who
made it and when; nothing is lost.
"""

from __future__ import annotations

import getpass
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memory.links import Hedge, Link, LinkError, Relation, parse

KINDS = ("add", "drop", "edit", "pin", "unpin", "ban", "unban")
OF_HELD = ("drop", "edit", "pin")
"""Kinds that need the link to be in the memory."""
Meaning = tuple[str, str, bool]
"""Cause and effect up to case and articles, and whether the cause helps."""


def person() -> str:
    """The name under which this user's corrections are recorded."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


_AGAINST = re.compile(r"^(?:please\s+)?(?:do not|don't|never|avoid|stop)\s+", re.IGNORECASE)


def in_words(text: str, effect: str = "the task") -> Link:
    """What a person says as a link: a link's own form as it is; "do not X" and "avoid X" as X DOES
    NOT CONTRIBUTE to ``effect``; anything else as SHOULD CONTRIBUTE to it. LinkError where that
    makes no link."""
    words = " ".join(text.split()).rstrip(".!")
    try:
        return parse(words)
    except LinkError:
        against = _AGAINST.match(words)
        relation = Relation.NOT_CONTRIBUTE if against else Relation.CONTRIBUTE
        return Link(words[against.end() :] if against else words, Hedge.SHOULD, relation, effect)


def meaning(link: Link) -> Meaning:
    """What a correction is about. Certainty and the step from contributing to necessary do not
    matter: a banned claim may not return in other words of the same sign."""
    return (*link.claim, link.relation is not Relation.NOT_CONTRIBUTE)


def corrected(
    links: Sequence[Link], kind: str, link: Link, new: Link | None = None
) -> tuple[Link, ...]:
    """``links`` after one correction; ``new`` is what an edit puts in the place of ``link``."""
    same = [each for each in links if meaning(each) == meaning(link)]
    others = [each for each in links if each not in same]
    if kind in ("drop", "ban"):
        return tuple(others)
    if kind == "add":
        return (*others, link)
    if kind in ("edit", "pin"):
        return _replaced(links, same, new if kind == "edit" and new is not None else link)
    return tuple(links)


def _replaced(links: Sequence[Link], same: Sequence[Link], new: Link) -> tuple[Link, ...]:
    """``links`` with ``new`` in the place of the first of the ``same``; the others of them go."""
    first = links.index(same[0])
    changed = [
        new if place == first else each
        for place, each in enumerate(links)
        if place == first or each not in same
    ]
    return tuple(dict.fromkeys(changed))


@dataclass(frozen=True)
class Overrides:
    """What writers may not change: pinned links in the order of pinning, and the meanings that are
    banned."""

    pinned: tuple[Link, ...] = ()
    banned: frozenset[Meaning] = frozenset()

    @classmethod
    def of(cls, corrections: Iterable[tuple[str, Link]]) -> Overrides:
        """What these corrections (kind, link) come to, oldest first; the latest about a meaning
        holds."""
        pinned: dict[Meaning, Link] = {}
        banned: set[Meaning] = set()
        for kind, link in corrections:
            key = meaning(link)
            if kind in ("pin", "add", "edit"):
                banned.discard(key)
                pinned[key] = link
            elif kind in ("ban", "drop", "unpin"):
                pinned.pop(key, None)
                if kind == "ban":
                    banned.add(key)
            elif kind == "unban":
                banned.discard(key)
        return cls(tuple(pinned.values()), frozenset(banned))

    def applied(self, links: Sequence[Link]) -> tuple[Link, ...]:
        """``links`` as a writer left them, without what is banned and with what is pinned. A pinned
        link takes the place of what the writer made of it, or stands first."""
        pins = {meaning(link): link for link in self.pinned}
        kept = [pins.get(meaning(link), link) for link in links if meaning(link) not in self.banned]
        missing = [link for link in self.pinned if link not in kept]
        return tuple(dict.fromkeys([*missing, *kept]))
