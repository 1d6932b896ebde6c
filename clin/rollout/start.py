"""What a trial begins with, read from the store: what it reads of the memory, the
route back to the best state, and what is known of the world that it plays."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from clin.config import RunConfig
from clin.exploration.stack import Known
from clin.prompts import Style
from memory.archive import Archive, Route, route_of
from memory.evidence.confirmation import confirmed
from memory.language import Language
from memory.links import Hedge, Relation
from memory.retrieval import select, usage
from memory.rules.naming import warned
from memory.store import Ranked, Store
from memory.strategies import Strategy
from memory.trials import Memory, Step


@dataclass(frozen=True)
class Start:
    """What a trial reads of the memory, with the ``ranking`` where it could not read all; the route
    that it takes first; and what it has ``done`` before it was interrupted, where this was
    ``admissible``."""

    recalled: Memory
    ranking: Sequence[Ranked] = ()
    route: Route | None = None
    done: Sequence[Step] = ()
    admissible: Sequence[frozenset[str] | None] = ()

    @classmethod
    def again(cls, store: Store, trial_id: int, language: Language) -> Start:
        """Of a trial that was interrupted: it goes on as it began, whatever was corrected since."""
        return cls(
            store.recalled(trial_id),
            route=route_of(store, trial_id, language),
            done=store.steps(trial_id),
            admissible=store.admissible(trial_id),
        )


@dataclass(frozen=True)
class Reading:
    """How the acting model reads a memory: its prompt, its context in tokens (0: unbounded), and
    how it counts them."""

    layout: Style
    context: int
    size: Callable[[str], int]

    @property
    def room(self) -> int:
        """Tokens of memory at most: a third of the context; any number where its head holds
        none."""
        if not self.layout.reads_head:
            return sys.maxsize
        return self.context // 3 or sys.maxsize


@dataclass(frozen=True)
class Past:
    """What the store says of a ``run`` before its trial ``number``; ``run`` is empty while nothing
    of it is stored. ``initial`` is what a new run begins with."""

    store: Store
    config: RunConfig
    run: str
    number: int
    initial: Memory
    archive: Archive

    def __post_init__(self) -> None:
        if self.run:
            self.archive.read(self.store, self.run, self.number)

    @property
    def memory(self) -> Memory:
        """The run's memory before the trial."""
        return self._memory_after(self.number - 1)

    def start(self, strategy: Strategy, goal: str, reading: Reading) -> Start:
        """What the trial begins with."""
        recalled, ranking = self._recalled(strategy, goal, reading)
        return Start(recalled, ranking, self._route())

    def known(self, recalled: Memory) -> Known:
        """What the wrappers around the trial's world go by, where the trial reads ``recalled``."""
        counts_here = confirmed(recalled, self.taught_elsewhere(), self.archive.done)
        return Known(
            self.number,
            self.archive,
            counts_here,
            self.costly_elsewhere(),
            last=self.number + 1 == self.config.trials,
            goes_on=self.config.chapter > 0,
            seed=f"{self.config.seed} {self.config.task} {self.config.variation} {self.number}",
        )

    def taught_elsewhere(self) -> Memory:
        """What the run's first memory says of other places: all of it, where it was generalised or
        is carried through a sequence."""
        if self.config.setting == "adapt" and not self.config.stream:
            return Memory()
        return self._memory_after(-1)

    def costly_elsewhere(self) -> list[str]:
        """The kinds of action of which other places taught that they do not contribute where the
        goal does not name their object. Only what was generalised: there what such actions gained
        elsewhere is held against it, while a sequence carries links, and that something unnamed
        helped is none."""
        if self.config.stream:
            return []
        sure = [
            link
            for link in self.taught_elsewhere().links
            if link.relation is Relation.NOT_CONTRIBUTE and link.hedge is Hedge.SHOULD
        ]
        return [kind for link in sure if (kind := warned(link.cause))]

    def _memory_after(self, number: int) -> Memory:
        found = self.store.latest_version(self.run, number) if self.run else None
        return found.memory if found else self.initial

    def _recalled(
        self, strategy: Strategy, goal: str, reading: Reading
    ) -> tuple[Memory, Sequence[Ranked]]:
        memory = self.memory
        if not self.config.read_unconfirmed:
            memory = confirmed(memory, self.taught_elsewhere(), self.archive.done)
        used = partial(usage, self.store, self.run) if self.run else dict
        told = partial(reading.layout.learning, memory)
        recalled, ranked = select(
            strategy.recall(memory, goal), reading.room, reading.size, goal, used, told
        )
        return recalled, ranked

    def _route(self) -> Route | None:
        """Where the trial goes back to first."""
        if not self.run or not self.config.exploration.return_to_best:
            return None
        return self.archive.best_route(self.config.budget // 2)
