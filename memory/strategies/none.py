"""``none``: no memory. With a model that thinks before it acts this is ReAct (Yao et al. 2022,
arXiv 2210.03629)."""

from __future__ import annotations

from collections.abc import Sequence

from memory.strategies import Episode, Revised, Revision, Size, Strategy
from memory.trials import Memory, Trial


def open(**_: object) -> Nothing:
    """The strategy; it has no writer, so the writer's options mean nothing to it."""
    return Nothing()


class Nothing(Strategy):
    """Reads nothing, keeps nothing."""

    def recall(self, memory: Memory, goal: str) -> Memory:
        return Memory()

    def revise(self, memory: Memory, trials: Sequence[Trial], size: Size) -> Revision:
        return Revised(Memory())
        yield  # a generator that asks nothing

    def generalise(self, past: Sequence[Episode], goal: str, setting: str, size: Size) -> Revision:
        return Revised(Memory())
        yield  # a generator that asks nothing
