"""A trial that first goes back to where the best one before it came, and tries there what was not
tried.

"First return, then explore" (Ecoffet et al., Nature 590, 2021): where an agent has to find its way
back anew in each trial, it explores its beginning over and over, and a memory that is right makes
it worse when it is misread. What an episode has reached is on record, step by step; worlds are
deterministic, so it can be had again.
"""

from __future__ import annotations

from collections.abc import Sequence

from clin.exploration.wrapper import Wrapper
from memory.archive import Way
from worlds import Observation, World


class ReturnToBest(Wrapper):
    """``world``, which offers the next step of ``way`` alone for as long as all goes as it went
    then (in points alone, where the way was cut short); where something differs, and at the end of
    the way, it offers what it has. An action that is done anyway is done."""

    def __init__(self, world: World, way: Way) -> None:
        super().__init__(world)
        self._way, self._at = way, 0

    def reset(self) -> Observation:
        self._at = 0
        return super().reset()

    def step(self, action: str) -> Observation:
        seen = super().step(action)
        if self._at < len(self._way.steps):
            then = self._way.steps[self._at]
            same = (action, seen.score) == (then.action, then.score) and (
                self._way.short or seen.text == then.observation
            )
            self._at = self._at + 1 if same else len(self._way.steps)
        return seen

    def actions(self) -> Sequence[str]:
        return (
            (self._way.steps[self._at].action,)
            if self._at < len(self._way.steps)
            else super().actions()
        )
