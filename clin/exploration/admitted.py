"""A world that keeps in mind what it admitted, so that each step can be stored with it."""

from __future__ import annotations

from collections.abc import Sequence

from clin.exploration.wrapper import Wrapper
from worlds import Observation, World


class Admitted(Wrapper):
    """``world``, unchanged. ``before`` is what was admissible before the last step; None where
    nobody asked, as at the steps of a route: asking costs time."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.before: frozenset[str] | None = None
        self._now: Sequence[str] | None = None

    def reset(self) -> Observation:
        self.before = self._now = None
        return super().reset()

    def step(self, action: str) -> Observation:
        self.before = None if self._now is None else frozenset(self._now)
        self._now = None
        return super().step(action)

    def actions(self) -> Sequence[str]:
        if self._now is None:  # several ask at one step, and a world may take long to say
            self._now = super().actions()
        return self._now
