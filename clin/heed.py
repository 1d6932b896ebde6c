"""A world that does not offer what the memory is sure is wrong: a small model reads a warning and does it all the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from clin.circles import in_vain
from memory.links import Hedge, Link, Relation
from memory.rules import wording
from worlds import Observation, World


class Heeded:
    """``world`` without the actions of which ``links`` say that they DO NOT contribute; those that MAY not are offered, and so is
    every way to another room, since one walks through rooms that are of no use. What was tried on a thing in vain is offered
    again once something has had an effect on it: what is mended can be started. ``lost`` says of actions that cost points how many were
    held then, at most: they are offered again where more are held, since some things come in an order. All is offered where nothing
    else is left, and an action that is done anyway is done."""

    def __init__(self, world: World, links: Iterable[Link], lost: Mapping[str, float] | None = None) -> None:
        self._world, self._lost, self._held = world, lost or {}, 0.0
        self._warned = frozenset(
            link.cause for link in links
            if link.relation is Relation.NOT_CONTRIBUTE and link.hedge is Hedge.SHOULD and not wording.moves(link.cause)
        )
        self._changed: set[str] = set()
        self.goal = world.goal

    def reset(self) -> Observation:
        self._changed.clear()
        seen = self._world.reset()
        self._held = seen.score
        return seen

    def step(self, action: str) -> Observation:
        seen = self._world.step(action)
        if (on := wording.tried_on(action)) and not in_vain(action, seen.text):
            self._changed.add(on)
        self._held = seen.score
        return seen

    def surroundings(self) -> str:
        return self._world.surroundings()

    def actions(self) -> Sequence[str]:
        offered = self._world.actions()
        return [each for each in offered if not self._withheld(each)] or offered

    def close(self) -> None:
        self._world.close()

    def _withheld(self, action: str) -> bool:
        further = self._held > self._lost.get(action, float("inf"))
        return action in self._warned and not further and wording.tried_on(action) not in self._changed
