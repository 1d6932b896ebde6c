"""What the store gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memory.trials import Ending, Memory


class StoreError(ValueError):
    """A file or a request that the store cannot serve; one line that a user can act on."""


@dataclass(frozen=True)
class RunRow:
    """A run: ``name`` ("r1") is its name in this file, ``uid`` its name anywhere; ``config`` all that decides it."""

    id: int
    uid: str
    config: Mapping[str, Any]
    state: str
    started: str
    ended: str | None

    @property
    def name(self) -> str:
        return f"r{self.id}"


@dataclass(frozen=True)
class TrialRow:
    """A trial without its steps; ``ending`` is None while it is under way, ``steps`` counts what is stored."""

    id: int
    run: str
    number: int
    world: str
    task: str
    variation: int
    goal: str
    opening: str
    version: int | None
    ending: Ending | None
    score: float
    steps: int


@dataclass(frozen=True)
class Version:
    """A version of a run's memory: after which trial, by whom, from which versions, and what could not be read."""

    id: int
    run: str
    trial: int | None
    memory: Memory
    writer: str
    parents: tuple[int, ...] = ()
    unreadable: tuple[str, ...] = ()
