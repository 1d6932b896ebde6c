"""What changed between two memories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memory.links import Hedge, Link, Relation


@dataclass(frozen=True)
class Change:
    """Links of the new memory against the old one. Links are the same when cause and effect are, up
    to case and articles; then a change of certainty strengthens or weakens, and a change of sign
    (helps, does not help) reverses."""

    kept: tuple[Link, ...] = ()
    added: tuple[Link, ...] = ()
    strengthened: tuple[tuple[Link, Link], ...] = ()
    weakened: tuple[tuple[Link, Link], ...] = ()
    reversed: tuple[tuple[Link, Link], ...] = ()
    dropped: tuple[Link, ...] = ()

    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        kinds = ("kept", "added", "strengthened", "weakened", "reversed", "dropped")
        return {kind: len(getattr(self, kind)) for kind in kinds}


def change(old: Sequence[Link], new: Sequence[Link]) -> Change:
    """The difference from ``old`` to ``new``: every new link is kept, added, strengthened, weakened
    or reversed; every old one is that or dropped."""
    left = list(dict.fromkeys(old))
    kept: list[Link] = []
    added: list[Link] = []
    turned: dict[str, list[tuple[Link, Link]]] = {
        "strengthened": [],
        "weakened": [],
        "reversed": [],
    }
    for link in dict.fromkeys(new):
        before = _counterpart(link, left)
        if before is None:
            added.append(link)
            continue
        left.remove(before)
        kind = _kind(before, link)
        if kind == "kept":
            kept.append(link)
        else:
            turned[kind].append((before, link))
    pairs = {kind: tuple(links) for kind, links in turned.items()}
    return Change(kept=tuple(kept), added=tuple(added), dropped=tuple(left), **pairs)


def _counterpart(link: Link, old: list[Link]) -> Link | None:
    same = [each for each in old if each.claim == link.claim]
    return min(same, key=lambda each: (each != link, each.relation != link.relation), default=None)


def _kind(old: Link, new: Link) -> str:
    if (old.relation is Relation.NOT_CONTRIBUTE) != (new.relation is Relation.NOT_CONTRIBUTE):
        return "reversed"
    before, after = _strength(old), _strength(new)
    if before == after:
        return "kept"
    return "strengthened" if after > before else "weakened"


def _strength(link: Link) -> tuple[bool, bool]:
    """Certainty first; among equals, being necessary says more than contributing."""
    return link.hedge is Hedge.SHOULD, link.relation is Relation.NECESSARY
