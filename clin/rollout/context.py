"""The part of a trajectory that still fits the model's context."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from clin.errors import ModelError
from clin.prompts import Style
from memory.trials import Step


@dataclass
class Context:
    """The turns that still fit. When they outgrow ``room`` tokens, the oldest half goes at once, so
    that what follows can be reused from the cache for many steps."""

    style: Style
    room: int
    size: Callable[[str], int]
    head: tuple[str, ...]
    turns: list[tuple[tuple[str, ...], int]] = field(default_factory=list)
    left_out: int = 0

    def __post_init__(self) -> None:
        self._head_size = sum(map(self.size, self.head))
        self._size = self._head_size
        if self.room and self._head_size + self.style.reserve > self.room:
            raise ModelError(
                f"the task and memory take {self._head_size} tokens and a step needs "
                f"{self.style.reserve}, but the model's "
                f"context holds {self.room}: give a larger --ctx, another --model or a smaller "
                "memory"
            )

    def append(self, step: Step) -> None:
        parts = self.style.turn(step)
        self.turns.append((parts, sum(map(self.size, parts))))
        self._size += self.turns[-1][1]
        while self.room and self.turns and self._size + self.style.reserve > self.room:
            half = (len(self.turns) + 1) // 2
            self._size -= sum(size for _, size in self.turns[:half])
            del self.turns[:half]
            self.left_out += half

    def parts(self) -> tuple[str, ...]:
        gap = self.style.gap(self.left_out) if self.left_out else ()
        return (*self.head, *gap, *(part for turn, _ in self.turns for part in turn))
