"""A trial as the memory sees it: steps, how it ended, what it had read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from memory.links import Link


class Ending(StrEnum):
    """How a trial ended. The world ends it (won, lost), or the trial is cut off (the others)."""

    WON = "won"
    LOST = "lost"
    BUDGET = "budget"
    STUCK = "stuck"
    STOPPED = "stopped"
    CRASHED = "crashed"


@dataclass(frozen=True)
class Memory:
    """What a trial can read: causal links, and free notes (a reflection, an episode) for strategies that keep those."""

    links: tuple[Link, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One step: the action, what the world answered, the score after it in points.

    ``cited`` are the learnings that the acting model named: positions in the memory that the trial read, from 1.
    """

    action: str
    observation: str
    score: float
    thought: str = ""
    cited: tuple[int, ...] = ()


@dataclass(frozen=True)
class Trial:
    """One trial: ``number`` from 0 in its episode, ``opening`` the observation before the first step."""

    number: int
    goal: str
    opening: str
    steps: tuple[Step, ...]
    ending: Ending
    recalled: Memory = Memory()

    @property
    def score(self) -> float:
        """The final score in points."""
        return self.steps[-1].score if self.steps else 0.0


@dataclass(frozen=True)
class Call:
    """One call of a model: the parts that it read, what it wrote, what that cost (tokens, seconds)."""

    role: str
    parts: tuple[str, ...]
    reply: str
    read: int = 0
    reused: int = 0
    written: int = 0
    logprob: float = 0.0
    seconds: float = 0.0
    choices: int = 0
    """How many admissible actions it chose among; 0 for free text."""


def trace(steps: Sequence[Step]) -> str:
    """The steps as text, one ``> action`` and its observation after the other."""
    return "".join(f"> {step.action}\n{step.observation}\n" for step in steps)
