"""Trials as they pass through a learner, and all of an episode as a strategy is given them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import overload

from clin.rollout.start import Start
from memory.trials import Trial


@dataclass(frozen=True)
class Begun:
    """A trial that is in the store: what it starts from, and whether it ``weighs`` actions as a
    whole."""

    trial_id: int
    number: int
    start: Start
    weighs: bool


@dataclass(frozen=True)
class Played:
    """A trial that was played: its id in the store, and ``why`` it crashed where it did."""

    trial_id: int
    trial: Trial
    why: str


class Trials(Sequence[Trial]):
    """The trials of an episode so far; stored ones are read when they are asked for, since an
    episode may be long and a strategy may keep what it has read of it."""

    def __init__(self, read: Callable[[int], Trial], stored: Sequence[int], last: Trial) -> None:
        self._read, self._stored, self._last = read, stored, last

    def __len__(self) -> int:
        return len(self._stored) + 1

    @overload
    def __getitem__(self, index: int) -> Trial: ...
    @overload
    def __getitem__(self, index: slice) -> list[Trial]: ...

    def __getitem__(self, index: int | slice) -> Trial | list[Trial]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        return self._last if number == len(self._stored) else self._read(self._stored[number])
