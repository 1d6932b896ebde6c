"""Trials as chapters of one life: a trial ends after so many steps, and the world goes on where it
stands.

Benchmarks of continual learning have no trials (AgentOdyssey, arXiv 2606.24893): one long game is
played once. There the memory is revised between chapters.

A chapter has an account of its own. Its score is the points that were gained since it began, so
that no step is credited with what earlier chapters gained. The goal is 100 and a mistake that ends
the world at -100 is that, whatever came before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clin.exploration.wrapper import Wrapper
from clin.rollout.trial import replay
from memory.store import Store
from memory.trials import Ending, Step
from worlds import Observation, World

MOST = 99.0
"""Points that a chapter may gain or lose where the world has not ended at 100 or -100, which are
kept for these."""
LIFE_ENDS = frozenset({Ending.WON, Ending.LOST, Ending.CRASHED})
"""Endings after which the world begins anew."""


class Chapters(Wrapper):
    """``world``, of which only the first reset is one, and the first after its end. Any other
    leaves it as it stands, costs no step and answers with what is seen and held now."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._before = 0.0
        self._steps = 0
        self._goes_on = False

    def reset(self) -> Observation:
        if self._goes_on:
            self._before = self._held
            return Observation(self.surroundings(), 0.0, False)
        seen = super().reset()
        self._before, self._steps, self._goes_on = 0.0, 0, not seen.done
        return seen

    def step(self, action: str) -> Observation:
        seen = super().step(action)
        self._steps += 1
        self._goes_on = not seen.done
        if abs(seen.score) == 100:
            return seen
        gained = round(seen.score - self._before, 6)
        return replace(seen, score=max(-MOST, min(MOST, gained)))

    def stand(self, life: Sequence[Sequence[Step]]) -> None:
        """Go to where the steps of the chapters of this ``life`` led: the next reset is the
        beginning of the one after. Where the world stands elsewhere they are done again, and
        :class:`~clin.rollout.trial.WorldChanged` says that they came to something else."""
        if life and self._goes_on and self._steps == sum(map(len, life)):
            return
        self._goes_on = False
        for chapter in life:
            self.reset()
            for step in chapter:
                replay(self, step)


def life(store: Store, run: str, number: int) -> list[tuple[Step, ...]]:
    """The steps of each chapter of the life in which trial ``number`` of ``run`` is the next; none
    where a life begins with it."""
    found: list[int] = []
    for row in store.trials(run):
        if row.number < number and row.ending is not None:
            found = [] if row.ending in LIFE_ENDS else [*found, row.id]
    return [store.steps(each) for each in found]
