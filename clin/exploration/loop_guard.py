"""A world that does not offer the same thing in the same situation for ever: a small model goes
round in circles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from clin.exploration.wrapper import Wrapper
from memory.rules import wording
from worlds import Observation, World

MOST = 2
"""How often, for models that act without a thought."""
TIME = ("wait", "no action")
"""Beginnings of actions that let time pass, which may change what cannot be seen."""


class LoopGuard(Wrapper):
    """``world`` without the actions that were done ``most`` times in this trial from what is seen
    and held now, at the score of now; without those that the world did not understand, until
    something but looking was done; and without things that were tried on others and did not fit,
    until something has changed. Waiting is always offered; all is, where nothing else is left. An
    action that is done anyway is done."""

    def __init__(self, world: World, most: int) -> None:
        super().__init__(world)
        self._most = most
        self._done: Counter[tuple[str, str]] = Counter()
        self._refused: set[str] = set()
        self._vain: set[str] = set()
        self._situation = ""

    def reset(self) -> Observation:
        seen = super().reset()
        self._done.clear()
        self._refused.clear()
        self._vain.clear()
        self._situation = self._now()
        return seen

    def step(self, action: str) -> Observation:
        self._done[self._situation, action] += 1
        before, seen = self._held, super().step(action)
        if wording.refused(seen.text):
            self._refused.add(action)
        elif wording.in_vain(action, seen.text):
            self._vain.add(action)
        else:
            if not wording.looks(action):
                self._refused.clear()
            if seen.score != before or wording.changes(action):
                self._vain.clear()
        self._situation = "" if seen.done else self._now()
        return seen

    def actions(self) -> Sequence[str]:
        return self._where(lambda each: each.startswith(TIME) or self._fresh(each))

    def _fresh(self, action: str) -> bool:
        return (
            action not in self._refused | self._vain
            and self._done[self._situation, action] < self._most
        )

    def _now(self) -> str:
        return f"{self._held:g}\n{self._world.surroundings()}"


def in_vain(action: str, observation: str) -> bool:
    """Whether the world did not understand the action, or one thing was tried on another that it
    does not fit."""
    return wording.refused(observation) or wording.in_vain(action, observation)
