"""Which links lead to anything that counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from memory.evidence.events import is_complete, is_find, is_progress, spellings
from memory.links import Link, Relation, folded
from memory.rules.naming import thing, words


def serving(
    links: Iterable[Link],
    goal: str,
    held: Iterable[Link] = (),
    changes: Collection[str] = (),
) -> tuple[Link, ...]:
    """Of ``links`` those that lead, over others of them or of the ``held`` ones, to points, to the
    end, to a find, or to something done to what the ``goal`` names or they speak of. The rest
    helped with a deed that helped with nothing. What does not contribute is kept.

    What brought about one of the (folded) ``changes`` is kept where that deed leads there, or the
    goal names all of it."""
    links = tuple(links)
    helping = [each for each in (*links, *held) if each.relation is not Relation.NOT_CONTRIBUTE]
    wanted = _Wanted(goal)
    effects = [effect for effect in changes if not wanted.names(effect)]
    brought = [link for link in helping if folded(link.effect) in effects]
    left = dict.fromkeys(helping)
    for link in brought:
        left.pop(link, None)
    while more := [link for link in left if wanted.has(folded(link.effect))]:
        for link in more:
            del left[link]
            for cause in link.conjuncts:
                wanted.add(cause)
    idle = {link for link in brought if not wanted.leads(link)}
    return tuple(link for link in links if link not in left and link not in idle)


class _Wanted:
    """What is worth bringing about: what the ``goal`` speaks of, and the causes of links that lead
    there."""

    def __init__(self, goal: str) -> None:
        self._goal = words(goal)
        self._causes: set[str] = set()
        self._spoken_of: set[frozenset[str]] = set()

    def add(self, cause: str) -> None:
        self._causes.update(spellings(cause))
        self._spoken_of.add(words(cause))

    def leads(self, link: Link) -> bool:
        """Whether the cause of ``link`` leads there."""
        return any(name in self._causes for part in link.conjuncts for name in spellings(part))

    def names(self, effect: str) -> bool:
        """Whether the goal itself names all of it."""
        said = words(effect)
        return bool(said) and said <= self._goal

    def has(self, effect: str) -> bool:
        if is_progress(effect) or is_complete(effect) or is_find(effect) or effect in self._causes:
            return True
        done_to = thing(effect)
        if self.names(effect) or done_to & self._goal:
            return True
        return bool(done_to) and any(done_to <= each for each in self._spoken_of)
