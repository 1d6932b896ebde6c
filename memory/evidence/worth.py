"""Which links lead to anything that counts."""

from __future__ import annotations

from collections.abc import Iterable

from memory.evidence.events import is_complete, is_find, is_progress, spellings
from memory.links import Link, Relation, folded
from memory.rules.naming import thing, words


def serving(links: Iterable[Link], goal: str, held: Iterable[Link] = ()) -> tuple[Link, ...]:
    """Of ``links`` those that lead, over others of them or of the ``held`` ones, to points, to the
    end, to a find, or to something done to what the ``goal`` names. The rest helped with a deed
    that helped with nothing. What does not contribute is kept."""
    links = tuple(links)
    known = (*links, *held)
    wanted: set[str] = set()
    kept: set[Link] = set()
    while True:
        more = {link for link in known if link not in kept and _counts(link, goal, wanted)}
        if not more:
            break
        kept |= more
        wanted.update(name for link in more for name in spellings(folded(link.cause)))
    return tuple(link for link in links if link in kept or link.relation is Relation.NOT_CONTRIBUTE)


def _counts(link: Link, goal: str, wanted: set[str]) -> bool:
    if link.relation is Relation.NOT_CONTRIBUTE:
        return False
    effect = folded(link.effect)
    if is_progress(effect) or is_complete(effect) or is_find(effect) or effect in wanted:
        return True
    said, named = words(effect), words(goal)
    return (bool(said) and said <= named) or bool(thing(effect) & named)
