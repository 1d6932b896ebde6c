"""A trial that first goes back to where the best one before it came, and tries there what was not
tried.

"First return, then explore" (Ecoffet et al., Nature 590, 2021): where an agent has to find its way
back anew in each trial, it explores its beginning over and over, and a memory that is right makes
it worse when it is misread. What an episode has reached is on record, step by step; worlds are
deterministic, so it can be had again.
"""

from __future__ import annotations

from collections.abc import Sequence

from clin.exploration.wrapper import Wrapper, exploitable
from memory.archive import Route
from worlds import Observation, World


class ReturnToBest(Wrapper):
    """``world``, which offers the next step of ``route`` alone for as long as all goes as it went
    then (in points alone, where the route was shortened); where something differs, and at the end
    of the route, it offers what it has. An action that is done anyway is done."""

    def __init__(self, world: World, route: Route) -> None:
        super().__init__(world)
        self._route, self._at = route, 0

    def reset(self) -> Observation:
        self._at = 0
        return super().reset()

    def step(self, action: str) -> Observation:
        seen = super().step(action)
        if self._at < len(self._route.steps):
            then = self._route.steps[self._at]
            same = (action, seen.score) == (then.action, then.score) and (
                self._route.short or seen.text == then.observation
            )
            self._at = self._at + 1 if same else len(self._route.steps)
        return seen

    def actions(self) -> Sequence[str]:
        return self._next() or super().actions()

    def exploitable(self) -> Sequence[str]:
        return self._next() or exploitable(self._world)

    def _next(self) -> tuple[str, ...]:
        """The next step of the route; nothing at its end."""
        return tuple(step.action for step in self._route.steps[self._at : self._at + 1])
