"""A world that does not offer one action for a while, so that the trial tests a link
(:mod:`memory.evidence.link_tests`)."""

from __future__ import annotations

from collections.abc import Sequence

from clin.exploration.wrapper import Wrapper
from memory.evidence.link_tests import LinkTest
from worlds import Observation, World


class Intervention(Wrapper):
    """``world``, whose cause ``test`` withholds in its first steps. Offered is all else; all, where
    nothing else is left. An action that is done anyway (a stored one, done again) is done."""

    def __init__(self, world: World, test: LinkTest) -> None:
        super().__init__(world)
        self._test, self._steps = test, 0

    def reset(self) -> Observation:
        self._steps = 0
        return super().reset()

    def step(self, action: str) -> Observation:
        self._steps += 1
        return super().step(action)

    def actions(self) -> Sequence[str]:
        return self._where(
            lambda action: self._steps >= self._test.steps or not self._test.withholds(action)
        )
