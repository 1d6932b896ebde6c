"""Novelty-seeking action masks: what came to nothing at these points, and what was done often, is
not offered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from clin.exploration.wrapper import Wrapper, exploitable
from memory.language import Language
from memory.rules.naming import beginning
from worlds import Observation, World

LOOKS = 2
"""Looks at one thing of many that came to nothing, after which no other such look is offered."""


class Novelty(Wrapper):
    """A mask that prefers what is new. It holds where memory is silent: what memory recalls is done
    again, though it was done before."""

    def exploitable(self) -> Sequence[str]:
        return exploitable(self._world)


class Untried(Novelty):
    """``world`` without what earlier trials of the episode did at the points that are held now and
    gained nothing more (``spent``).

    Once is enough: in a deterministic world the same again comes to the same, and trials are few.
    Ways to other places, letting time pass, and taking and opening things are offered, since what
    they come to is seen later; of what looks at one thing of many, ``LOOKS`` speak for all. All is
    offered where nothing else is left."""

    def __init__(
        self, world: World, language: Language, spent: Mapping[float, Collection[str]]
    ) -> None:
        super().__init__(world)
        self._language, self._spent = language, spent

    def actions(self) -> Sequence[str]:
        spent = self._spent.get(self._held, ())
        looked = sum(map(self._language.inspects, spent)) >= LOOKS

        def open_yet(action: str) -> bool:
            if self._leads_on(action):
                return True
            return action not in spent and not (looked and self._language.inspects(action))

        return self._where(open_yet)

    def _leads_on(self, action: str) -> bool:
        """Whether it gains nothing by itself, and others may gain after it."""
        says = self._language
        return says.is_move(action) or says.takes_or_opens(action) or says.passes_time(action)


class LeastTried(Novelty):
    """``world``, and of it what was done least often since the points last changed.

    The plainest form of count-based exploration ("Unifying Count-Based Exploration and Intrinsic
    Motivation", arXiv 1606.01868): a model that does not think walks to and fro between what it
    knows. What the world did not understand speaks for all that begins alike: where "move pollen to
    sink" means nothing, "move pollen to hall" hardly will."""

    def __init__(self, world: World, language: Language) -> None:
        super().__init__(world)
        self._language = language
        self._times: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()

    def reset(self) -> Observation:
        self._times.clear()
        self._unknown.clear()
        return super().reset()

    def step(self, action: str) -> Observation:
        before, seen = self._held, super().step(action)
        self._times[action] += 1
        self._unknown[beginning(action)] += self._language.is_unknown(seen.text)
        if seen.score != before:
            self._times.clear()
            self._unknown.clear()
        return seen

    def actions(self) -> Sequence[str]:
        offered = {
            each: self._times[each] + self._unknown[beginning(each)]
            for each in self._world.actions()
        }
        least = min(offered.values(), default=0)
        return [each for each, times in offered.items() if times == least]
