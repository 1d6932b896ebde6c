"""What the store gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from memory.trials import Ending, Memory, Step

Query = Callable[..., list[tuple[Any, ...]]]
"""What reads the database: SQL and the values of its question marks to rows
(:meth:`memory.store.Store.rows`)."""


class StoreError(ValueError):
    """A file or a request that the store cannot serve; one line that a user can act on."""


@dataclass(frozen=True)
class RunRow:
    """A run: ``name`` ("r1") is its name in this file, ``uid`` its name anywhere; ``config`` all
    that decides it."""

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
    """A trial without its steps; ``ending`` is None while it is under way, ``steps`` counts what is
    stored."""

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
    """A version of a run's memory: after which trial, by whom, from which versions, and what could
    not be read."""

    id: int
    run: str
    trial: int | None
    memory: Memory
    writer: str
    parents: tuple[int, ...] = ()
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepRow:
    """A step with where it belongs: ``id`` grows over all runs of the file and is the readers'
    cursor."""

    id: int
    run: str
    trial: int
    position: int
    step: Step


@dataclass(frozen=True)
class Correction:
    """A person's change: which ``version`` it made, of what ``kind``, about which ``link`` (as
    text), by whom and when."""

    version: int
    kind: str
    link: str
    who: str
    made: str
