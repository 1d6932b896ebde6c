"""A world that does not offer the same thing in the same situation for ever: a small model goes
round in circles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from clin.exploration.wrapper import Wrapper
from memory.language import Language
from worlds import Observation, World

MOST = 2
"""How often, for models that act without a thought."""


class LoopGuard(Wrapper):
    """``world`` without the actions that were done ``most`` times in this trial from what is seen
    and held now, at the score of now; without those that the world did not understand, until
    something but looking was done; and without things that were tried on others and did not fit,
    until something has changed. Letting time pass is always offered; all is, where nothing else is
    left. An action that is done anyway is done."""

    def __init__(self, world: World, language: Language, most: int) -> None:
        super().__init__(world)
        self._language, self._most = language, most
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
        if self._language.is_refused(seen.text):
            self._refused.add(action)
        elif self._language.did_not_fit(action, seen.text):
            self._vain.add(action)
        else:
            if not self._language.is_look(action):
                self._refused.clear()
            if seen.score != before or self._language.alters(action):
                self._vain.clear()
        self._situation = "" if seen.done else self._now()
        return seen

    def actions(self) -> Sequence[str]:
        return self._where(lambda each: self._language.passes_time(each) or self._fresh(each))

    def _fresh(self, action: str) -> bool:
        if action in self._refused or action in self._vain:
            return False
        return self._done[self._situation, action] < self._most

    def _now(self) -> str:
        return f"{self._held:g}\n{self._world.surroundings()}"
