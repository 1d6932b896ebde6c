"""A world that does not offer what the memory is sure is wrong: a small model reads a warning and
does it all the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from clin.exploration.wrapper import Wrapper
from memory.language import Language
from memory.links import Hedge, Link, Relation, conjuncts
from worlds import Observation, World


class MemoryMask(Wrapper):
    """``world`` without the actions of which ``links`` say that they DO NOT contribute; those that
    MAY not are offered, and so is every way to another room, since one walks through rooms that are
    of no use. Of a joint denial ("X AND Y DOES NOT CONTRIBUTE") a part is left out once all others
    were done in this trial. What was tried on a thing in vain is offered again once something has
    had an effect on it: what is mended can be started. ``lost`` says of actions that cost points or
    ended a trial how many were held then, at most: they are offered again where more are held,
    since some things come in an order. All is offered where nothing else is left, and an action
    that is done anyway is done."""

    def __init__(
        self,
        world: World,
        language: Language,
        links: Iterable[Link],
        lost: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(world)
        self._language = language
        self._lost = lost or {}
        self._warned: dict[str, list[frozenset[str]]] = {}
        """What is left out, each with the sets of deeds after any of which it is."""
        for link in links:
            if link.relation is Relation.NOT_CONTRIBUTE and link.hedge is Hedge.SHOULD:
                parts = frozenset(conjuncts(link.cause))
                for part in parts:
                    self._warned.setdefault(part, []).append(parts - {part})
        self._changed: set[str] = set()
        self._done: set[str] = set()

    def reset(self) -> Observation:
        self._changed.clear()
        self._done.clear()
        return super().reset()

    def step(self, action: str) -> Observation:
        seen = super().step(action)
        if not self._language.came_to_nothing(action, seen.text):
            self._done.add(action)
            if on := self._language.tried_on(action):
                self._changed.add(on)
        return seen

    def actions(self) -> Sequence[str]:
        return self._where(lambda each: not self._withheld(each))

    def _withheld(self, action: str) -> bool:
        further = self._held > self._lost.get(action, float("inf"))
        if further or self._language.is_move(action):
            return False
        if not any(others <= self._done for others in self._warned.get(action, ())):
            return False
        return self._language.tried_on(action) not in self._changed
