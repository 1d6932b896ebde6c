"""The part of a trajectory that still fits the model's context."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from clin.errors import ModelError
from clin.prompts import Ask, Style
from memory.trials import Step


@dataclass
class Context:
    """The turns that still fit. When they outgrow ``room`` tokens, the oldest half goes at once, so
    that what follows can be reused from the cache for many steps.

    ``opening`` is what the trial began with, ``around`` are the tokens that the model's chat
    template puts around a prompt, and ``seen`` the surroundings that the prompt told last.
    ``moves`` were admissible before each of the ``steps``.
    """

    style: Style
    room: int
    size: Callable[[str], int]
    head: tuple[str, ...]
    opening: str = ""
    seen: str | None = None
    around: int = 0
    turns: list[tuple[tuple[str, ...], int]] = field(default_factory=list)
    left_out: int = 0
    steps: list[Step] = field(default_factory=list)
    moves: list[frozenset[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._size = sum(map(self.size, self.head)) + self.around
        if self.room and self._size + self.style.reserve > self.room:
            raise ModelError(
                f"the task and memory take {self._size} tokens and a step needs "
                f"{self.style.reserve}, but the model's "
                f"context holds {self.room}: give a larger --ctx, another --model or a smaller "
                "memory"
            )

    def append(self, step: Step, surroundings: str = "") -> None:
        """Add the turn of ``step``, after which these are the ``surroundings`` (empty where the
        style does not tell them)."""
        self.steps.append(step)
        self._add(step, surroundings)
        while self.room and self.turns and self._size + self.style.reserve > self.room:
            half = (len(self.turns) + 1) // 2
            self._size -= sum(size for _, size in self.turns[:half])
            del self.turns[:half]
            self.left_out += half
            if self.turns and surroundings:  # what was seen before is told no more
                self._size -= self.turns.pop()[1]
                self.seen = None
                self._add(step, surroundings)
        self.seen = surroundings or self.seen

    def parts(self) -> tuple[str, ...]:
        return (*self.head, *self._gap(), *(part for turn, _ in self.turns for part in turn))

    def ask(self) -> Ask:
        """What the next question is built on."""
        taken = self._size + sum(map(self.size, self._gap()))
        left = self.room - taken if self.room else sys.maxsize
        return Ask(self.parts(), left, self.size, self.opening, self.steps, self.moves)

    def _add(self, step: Step, surroundings: str) -> None:
        parts = self.style.turn(step, self.seen, surroundings)
        self.turns.append((parts, sum(map(self.size, parts))))
        self._size += self.turns[-1][1]

    def _gap(self) -> tuple[str, ...]:
        return self.style.gap(self.left_out) if self.left_out else ()
