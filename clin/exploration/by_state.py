"""A world that goes back to its best state at once, instead of step by step.

A trial that returns to the best one before it does again what led there. Worlds are deterministic,
so what comes of each of these steps is known. A world that can keep its state
(:class:`worlds.Restorable`) need not play them: they are answered from memory, and where the way is
left, the state is put back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clin.exploration.wrapper import Wrapper
from worlds import Observation, Restorable, World, WorldCrashed


@dataclass
class Moment:
    """What came of an action (of the reset, where that is empty), and what was to be seen then,
    where somebody asked."""

    action: str
    seen: Observation
    around: str | None = None


@dataclass(frozen=True)
class Best:
    """The way to the most points so far, and the ``state`` there; none where the world ended."""

    way: tuple[Moment, ...]
    state: Any

    @property
    def rank(self) -> tuple[float, int]:
        """As :mod:`memory.archive` ranks: more points first, then fewer steps."""
        return self.way[-1].seen.score, -len(self.way)


class ByState(Wrapper):
    """``world``, with the same answers as without this. What begins as the best trial did is
    answered from memory for as long as nothing else is asked or done."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        assert isinstance(world, Restorable)
        self._kept: Restorable = world
        self._best: Best | None = None
        self._way: list[Moment] = []
        self._ahead = False
        """Whether the answers are ahead of the world, which was not asked."""

    def reset(self) -> Observation:
        self._ahead = self._best is not None
        if self._best:
            self._way = [self._best.way[0]]
        else:
            self._way = [Moment("", super().reset())]
        return self._way[-1].seen

    def step(self, action: str) -> Observation:
        if self._ahead and (known := self._known(action)):
            self._way.append(known)
            return known.seen
        self._catch_up()
        self._way.append(Moment(action, super().step(action)))
        self._keep()
        return self._way[-1].seen

    def surroundings(self) -> str:
        last = self._way[-1]
        if last.around is None:
            self._catch_up()
            last.around = super().surroundings()
        return last.around

    def actions(self) -> Sequence[str]:
        self._catch_up()
        return super().actions()

    def _known(self, action: str) -> Moment | None:
        """What comes of ``action``, where the best way goes on with it."""
        assert self._best is not None
        following = self._best.way[len(self._way) : len(self._way) + 1]
        return following[0] if following and following[0].action == action else None

    def _catch_up(self) -> None:
        """Bring the world to where the answers are: by state at the end of the way, else step by
        step."""
        if not self._ahead:
            return
        assert self._best is not None
        self._ahead = False
        if len(self._way) == len(self._best.way) and self._best.state is not None:
            seen = self._kept.restore(self._best.state)
        else:
            seen = self._world.reset()
            for moment in self._way[1:]:
                seen = self._world.step(moment.action)
        if seen != self._way[-1].seen:
            raise WorldCrashed("the world did not come back to where it had been")

    def _keep(self) -> None:
        """Keep the way that was gone, where it is better than the best so far."""
        last = self._way[-1].seen
        before = self._best.rank if self._best else (0.0, 0)
        if last.score > 0 and (last.score, -len(self._way)) > before:
            state = None if last.done else self._kept.snapshot()
            self._best = Best(tuple(self._way), state)
