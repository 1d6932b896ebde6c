"""A world that does not offer what the memory is sure is wrong: a small model reads a warning and does it all the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clin.circles import in_vain
from memory.links import Hedge, Link, Relation
from memory.rules import wording
from worlds import Observation, World


class Heeded:
    """``world`` without the actions of which ``links`` say that they DO NOT contribute; those that MAY not are offered, and so is
    every way to another room, since one walks through rooms that are of no use. What was tried on a thing in vain is offered
    again once something has had an effect on it: what is mended can be started. All is offered where nothing else is left, and
    an action that is done anyway is done."""

    def __init__(self, world: World, links: Iterable[Link]) -> None:
        self._world = world
        self._warned = frozenset(
            link.cause for link in links
            if link.relation is Relation.NOT_CONTRIBUTE and link.hedge is Hedge.SHOULD and not wording.moves(link.cause)
        )
        self._changed: set[str] = set()
        self.goal = world.goal

    def reset(self) -> Observation:
        self._changed.clear()
        return self._world.reset()

    def step(self, action: str) -> Observation:
        seen = self._world.step(action)
        if (on := wording.tried_on(action)) and not in_vain(action, seen.text):
            self._changed.add(on)
        return seen

    def surroundings(self) -> str:
        return self._world.surroundings()

    def actions(self) -> Sequence[str]:
        offered = self._world.actions()
        return [each for each in offered if each not in self._warned or wording.tried_on(each) in self._changed] or offered

    def close(self) -> None:
        self._world.close()

