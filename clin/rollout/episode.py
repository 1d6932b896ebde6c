"""Trials as they pass through a learner."""

from __future__ import annotations

from dataclasses import dataclass

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
