"""A world that does not offer what the memory is sure is wrong: a small model reads a warning and
does it all the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from clin.exploration.loop_guard import in_vain
from clin.exploration.wrapper import Wrapper
from memory.links import Hedge, Link, Relation
from memory.rules import wording
from worlds import Observation, World


class MemoryMask(Wrapper):
    """``world`` without the actions of which ``links`` say that they DO NOT contribute; those that
    MAY not are offered, and so is every way to another room, since one walks through rooms that are
    of no use. What was tried on a thing in vain is offered again once something has had an effect
    on it: what is mended can be started. ``lost`` says of actions that cost points how many were
    held then, at most: they are offered again where more are held, since some things come in an
    order. All is offered where nothing else is left, and an action that is done anyway is done."""

    def __init__(
        self, world: World, links: Iterable[Link], lost: Mapping[str, float] | None = None
    ) -> None:
        super().__init__(world)
        self._lost = lost or {}
        self._warned = frozenset(
            link.cause
            for link in links
            if link.relation is Relation.NOT_CONTRIBUTE
            and link.hedge is Hedge.SHOULD
            and not wording.moves(link.cause)
        )
        self._changed: set[str] = set()

    def reset(self) -> Observation:
        self._changed.clear()
        return super().reset()

    def step(self, action: str) -> Observation:
        seen = super().step(action)
        if (on := wording.tried_on(action)) and not in_vain(action, seen.text):
            self._changed.add(on)
        return seen

    def actions(self) -> Sequence[str]:
        return self._where(lambda each: not self._withheld(each))

    def _withheld(self, action: str) -> bool:
        further = self._held > self._lost.get(action, float("inf"))
        return (
            action in self._warned and not further and wording.tried_on(action) not in self._changed
        )
