"""A trial as the memory sees it: steps, how it ended, what it had read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import overload

from memory.links import Link

VERDICT = "the verdict"
"""The action of the step that an outcome is stored as, where it comes after the last step."""


class Ending(StrEnum):
    """How a trial ended. The world ends it (won, lost), or the trial is cut off (the others)."""

    WON = "won"
    LOST = "lost"
    BUDGET = "budget"
    STUCK = "stuck"
    STOPPED = "stopped"
    CRASHED = "crashed"


@dataclass(frozen=True)
class Scope:
    """The one place in which a link held, of ``places`` that were learned from."""

    world: str
    task: str
    variation: int
    places: int = 1

    def __str__(self) -> str:
        of = f" of {self.places}" if self.places > 1 else ""
        return f"seen in one place{of} only: {self.task} {self.variation}"


@dataclass(frozen=True)
class Memory:
    """What a trial can read: causal links, and free notes (a reflection, an episode) for strategies
    that keep those.

    ``scopes`` says of links that were seen to hold in one place only which that was. It stands
    beside the links and not in their words, so that a link reads the same wherever it held; a link
    that leaves or is reworded takes its scope along.
    """

    links: tuple[Link, ...] = ()
    notes: tuple[str, ...] = ()
    scopes: tuple[tuple[Link, Scope], ...] = ()

    def __post_init__(self) -> None:
        if self.scopes:
            known = dict(self.scopes)
            held = tuple((link, known[link]) for link in dict.fromkeys(self.links) if link in known)
            object.__setattr__(self, "scopes", held)

    def scope(self, link: Link) -> Scope | None:
        """The one place in which ``link`` held; None where it held in several, or nothing is known
        of that."""
        return next((scope for each, scope in self.scopes if each == link), None)


@dataclass(frozen=True)
class Step:
    """One step: the action, what the world answered, the score after it in points.

    ``cited`` are the learnings that the acting model named: positions in the memory that the trial
    read, from 1.
    """

    action: str
    observation: str
    score: float
    thought: str = ""
    cited: tuple[int, ...] = ()


@dataclass(frozen=True)
class Trial:
    """One trial: ``number`` from 0 in its episode, ``opening`` the observation before the first
    step.

    ``admissible`` says for each step what the world admitted before it, whatever a mask left out;
    None where nobody asked the world. It is empty for a trial that was stored without it.
    """

    number: int
    goal: str
    opening: str
    steps: tuple[Step, ...]
    ending: Ending
    recalled: Memory = Memory()
    admissible: tuple[frozenset[str] | None, ...] = ()

    @property
    def score(self) -> float:
        """The final score in points."""
        return self.steps[-1].score if self.steps else 0.0


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


@dataclass(frozen=True)
class Call:
    """One call of a model: the parts that it read, what it wrote, what that cost (tokens,
    seconds)."""

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
    recalled: str = ""
    """What memory said at this step, a line for each link with its reason; empty where nothing."""
    plain_logprob: float = 0.0
    """With guidance, the log-probability of the reply where the recalled line is not read;
    ``logprob`` is that with it."""
    said: str = ""
    """What the model replied where that was none of the actions, and ``reply`` is the one nearest
    to it; else empty."""


def trace(steps: Sequence[Step]) -> str:
    """The steps as text, one ``> action`` and its observation after the other."""
    return "".join(f"> {step.action}\n{step.observation}\n" for step in steps)
