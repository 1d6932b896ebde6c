"""Epsilon-greedy exploration: at a share of the steps chance takes the place of the model."""

from __future__ import annotations

import random
from collections.abc import Sequence

from clin.exploration.novelty import Novelty
from worlds import Observation, World


class EpsilonGreedy(Novelty):
    """``world``, and at a share ``epsilon`` of the steps one action of it alone, drawn uniformly
    from what is offered (Sutton and Barto, Reinforcement Learning, section 2.2). The model is not
    asked there, unless memory recalls something to do: then it chooses between that and the draw.

    ``seed`` and the number of steps that were done decide each draw, so that a trial goes on after
    an interruption as it would have gone on without."""

    def __init__(self, world: World, epsilon: float, seed: str) -> None:
        super().__init__(world)
        self._epsilon, self._seed, self._steps = epsilon, seed, 0

    def reset(self) -> Observation:
        self._steps = 0
        return super().reset()

    def step(self, action: str) -> Observation:
        seen = super().step(action)
        self._steps += 1
        return seen

    def actions(self) -> Sequence[str]:
        offered = self._world.actions()
        chance = random.Random(f"{self._seed} {self._steps}")
        if not offered or chance.random() >= self._epsilon:
            return offered
        return [chance.choice(offered)]
