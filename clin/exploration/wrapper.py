"""A world that passes everything on to another one: what offers less of a world than it has begins
with this."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from worlds import Observation, World, templates_of


class Wrapper:
    """``world``, unchanged. Knows the points that are ``_held`` now. An action that is done anyway
    is done."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._held = 0.0
        self.goal = world.goal
        self.templates = templates_of(world)

    def reset(self) -> Observation:
        seen = self._world.reset()
        self._held = seen.score
        return seen

    def step(self, action: str) -> Observation:
        seen = self._world.step(action)
        self._held = seen.score
        return seen

    def surroundings(self) -> str:
        return self._world.surroundings()

    def actions(self) -> Sequence[str]:
        return self._world.actions()

    def exploitable(self) -> Sequence[str]:
        """The actions that memory may recall: what is offered, and what only novelty leaves out."""
        return self.actions()

    def close(self) -> None:
        self._world.close()

    def _where(self, wanted: Callable[[str], bool]) -> Sequence[str]:
        """The actions that are ``wanted``; all, where none is."""
        offered = self._world.actions()
        return [each for each in offered if wanted(each)] or offered


def exploitable(world: World) -> Sequence[str]:
    """The actions of ``world`` that memory may recall; see :meth:`Wrapper.exploitable`."""
    return world.exploitable() if isinstance(world, Wrapper) else world.actions()
