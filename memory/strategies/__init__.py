"""Memory strategies: what the next trial reads, and how the memory changes after a trial.

The file name is the registry: ``memory/strategies/clin.py`` is ``--strategy clin``. A strategy module offers
``open(**options) -> Strategy``. A strategy sees trials and links, yields plain prompts and is sent plain replies; it
never meets a model.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

from memory.trials import Memory, Trial


@dataclass(frozen=True)
class Prompt:
    """A plain question of a strategy to its writer. ``grammar`` (GBNF) is an offer that a model may not be able to keep."""

    text: str
    grammar: str = ""
    max_tokens: int = 1000


@dataclass(frozen=True)
class Revised:
    """A new memory and the lines of the reply that could not be read as links."""

    memory: Memory
    unreadable: tuple[str, ...] = ()


Revision = Generator[Prompt, str, Revised]
Size = Callable[[str], int]
"""Tokens of a text under the writer's tokeniser."""


@dataclass(frozen=True)
class Episode:
    """An earlier episode to learn from: its trials, and the memory written after each of them."""

    world: str
    task: str
    variation: int
    trials: tuple[Trial, ...]
    memories: tuple[Memory, ...]


class Strategy(Protocol):
    """How a memory is read and changed."""

    def recall(self, memory: Memory, goal: str) -> Memory:
        """What the next trial reads of ``memory``."""
        ...

    def revise(self, memory: Memory, trials: Sequence[Trial], size: Size) -> Revision:
        """The memory after the last of ``trials`` (all trials of this episode so far, oldest first)."""
        ...

    def generalise(self, past: Sequence[Episode], goal: str, setting: str, size: Size) -> Revision:
        """A meta-memory for a new environment (``gen-env``) or a new task (``gen-task``)."""
        ...
