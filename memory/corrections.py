"""A person corrects a memory: what there is to correct, and what holds for writers from then on.

======  =====================================================================
add     put a link in; it is pinned, or the next rewriting would forget it
drop    take a link out of the memory as it is; a writer may find it again
edit    replace a link by another, which is pinned; the old one stays out
pin     keep a link through all rewriting, in this wording
unpin   let writers decide again
ban     take a link out and keep it out, in any wording that means the same
unban   let writers find it again
======  =====================================================================

:meth:`memory.store.Store.correct` makes one. Each is a new version of the memory, recorded with who
made it and when; nothing is lost. :mod:`memory.meaning` says what means the same.
"""

from __future__ import annotations

import getpass
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from memory.language import Language
from memory.links import Hedge, Link, LinkError, Relation, parse
from memory.meaning import PLAIN, Meaning, contradict, denial, meaning, stance

KINDS = ("add", "drop", "edit", "pin", "unpin", "ban", "unban")
OF_HELD = ("drop", "edit", "pin")
"""Kinds that need the link to be in the memory."""
PINNING = ("pin", "add", "edit")
"""Kinds after which a link is pinned."""


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


def corrected(
    links: Sequence[Link],
    kind: str,
    link: Link,
    new: Link | None = None,
    language: Language = PLAIN,
) -> tuple[Link, ...]:
    """``links`` after one correction; ``new`` is what an edit puts in the place of ``link``."""
    same = [each for each in links if meaning(each, language) == meaning(link, language)]
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
class Ruling:
    """A pin or a ban (``kind``) that a run takes over from another, and who made it there."""

    kind: str
    link: Link
    who: str


def ruled(links: Sequence[Link], rulings: Iterable[Ruling], language: Language) -> tuple[Link, ...]:
    """``links`` as a run begins with them that takes over these rulings."""
    overrides = Overrides.of(((each.kind, each.link) for each in rulings), language)
    return overrides.applied(links)


@dataclass(frozen=True)
class Overrides:
    """What writers may not change, in a world with this ``language``: pinned links in the order of
    pinning, and links that are kept out."""

    pinned: tuple[Link, ...] = ()
    kept_out: tuple[Link, ...] = ()
    language: Language = PLAIN

    @classmethod
    def of(cls, corrections: Iterable[tuple[str, Link]], language: Language = PLAIN) -> Overrides:
        """What these corrections (kind, link) come to, oldest first; the latest about a meaning
        holds."""
        pinned: dict[Meaning, Link] = {}
        banned: dict[Meaning, Link] = {}
        for kind, link in corrections:
            key = meaning(link, language)
            if kind in PINNING:
                banned.pop(key, None)
                pinned[key] = link
            elif kind in ("ban", "drop", "unpin"):
                pinned.pop(key, None)
                if kind == "ban":
                    banned[key] = link
            elif kind == "unban":
                banned.pop(key, None)
        return cls(tuple(pinned.values()), tuple(banned.values()), language)

    @cached_property
    def banned(self) -> frozenset[Meaning]:
        """The meanings that are kept out."""
        return frozenset(meaning(link, self.language) for link in self.kept_out)

    def bans(self, link: Link) -> bool:
        """Whether ``link`` is kept out, in whatever wording."""
        return meaning(link, self.language) in self.banned

    def applied(self, links: Sequence[Link]) -> tuple[Link, ...]:
        """``links`` as a writer left them, without what is banned or contradicts a pin, and with
        what is pinned. A pinned link takes the place of what the writer made of it, or stands
        first."""
        if not self.pinned and not self.kept_out:
            return tuple(dict.fromkeys(links))
        pins = {meaning(link, self.language): link for link in self.pinned}
        denied = {denial(link, self.language) for link in self.pinned}
        kept = []
        for link in links:
            key = meaning(link, self.language)
            if key in pins:
                kept.append(pins[key])
            elif key not in self.banned and stance(link, self.language) not in denied:
                kept.append(link)
        missing = [link for link in self.pinned if link not in kept]
        return tuple(dict.fromkeys([*missing, *kept]))

    def superseded(self, links: Sequence[Link], link: Link) -> tuple[Link, ...]:
        """``links`` without those that contradict ``link``, which is pinned now; other pins stay,
        since the person who made them has to choose."""
        return tuple(
            each
            for each in links
            if each in self.pinned or not contradict(each, link, self.language)
        )

    def contradicted(self, kind: str, link: Link, new: Link | None = None) -> str:
        """One line where this correction, made next, contradicts a pin or a ban: which, and what
        holds then. Empty where it contradicts none; what an edit replaces is none."""
        subject, pinned = link, self.pinned
        if kind == "edit" and new is not None:
            subject = new
            pinned = tuple(each for each in pinned if not self._same(each, link))
        if kind in PINNING:
            against = [each for each in pinned if contradict(each, subject, self.language)]
            if against:
                return f"This contradicts a pinned link, and both are kept: {against[0]}"
            out = [each for each in self.kept_out if self._same(each, subject)]
            return f"This was kept out, and is let in again: {out[0]}" if out else ""
        if kind == "ban":
            held = [each for each in pinned if self._same(each, subject)]
            return f"This was pinned, and is not any more: {held[0]}" if held else ""
        return ""

    def _same(self, one: Link, other: Link) -> bool:
        return meaning(one, self.language) == meaning(other, self.language)
