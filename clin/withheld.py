"""A world that does not offer one action for a while, so that the trial tests a link (:mod:`memory.evidence.link_tests`)."""

from __future__ import annotations

from collections.abc import Sequence

from memory.evidence.link_tests import LinkTest
from worlds import Observation, World


class Withheld:
    """``world``, whose cause ``test`` withholds in its first steps. Offered is all else; all, where nothing else is left.
    An action that is done anyway (a stored one, done again) is done."""

    def __init__(self, world: World, test: LinkTest) -> None:
        self._world, self._test, self._steps = world, test, 0
        self.goal = world.goal

    def reset(self) -> Observation:
        self._steps = 0
        return self._world.reset()

    def step(self, action: str) -> Observation:
        self._steps += 1
        return self._world.step(action)

    def surroundings(self) -> str:
        return self._world.surroundings()

    def actions(self) -> Sequence[str]:
        offered = self._world.actions()
        if self._steps >= self._test.steps:
            return offered
        return [action for action in offered if not self._test.withholds(action)] or offered

    def close(self) -> None:
        self._world.close()
