"""What people have ruled about a run's links: pinned ones stay in, banned ones do not come back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memory.links import Link, Relation, parse
from memory.rows import Query


def meaning(link: Link) -> tuple[str, str, bool]:
    """What a ruling is about: cause and effect up to case and articles, and whether the cause
    helps. Certainty and the step from contributing to necessary do not matter: a banned claim may
    not return in other words of the same sign."""
    return (*link.claim, link.relation is not Relation.NOT_CONTRIBUTE)


@dataclass(frozen=True)
class Overrides:
    """Pinned links in the order of pinning, and the meanings that are banned."""

    pinned: tuple[Link, ...] = ()
    banned: frozenset[tuple[str, str, bool]] = frozenset()

    @classmethod
    def of(cls, corrections: Iterable[tuple[str, Link]]) -> Overrides:
        """The rulings after these corrections (kind, link), oldest first; the latest about a
        meaning holds."""
        pinned: dict[tuple[str, str, bool], Link] = {}
        banned: set[tuple[str, str, bool]] = set()
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
        """``links`` as a writer left them, without what is banned and with what is pinned, in its
        pinned form; a pinned link takes the place of what the writer made of it, or stands
        first."""
        pins = {meaning(link): link for link in self.pinned}
        kept = [pins.get(meaning(link), link) for link in links if meaning(link) not in self.banned]
        missing = [link for link in self.pinned if link not in kept]
        return tuple(dict.fromkeys([*missing, *kept]))


def read_overrides(rows: Query, run: int) -> Overrides:
    """What the corrections of ``run`` come to; ``rows`` is :meth:`memory.store.Store.rows`."""
    found = rows(
        "select kind, link from corrections where run = ? and link != '' order by id", [run]
    )
    return Overrides.of((kind, parse(link)) for kind, link in found)
