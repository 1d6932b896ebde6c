"""Learning over trials: trial, revision, trial … with a frozen model (the paper's section 3).

Where a run stands is read from the store alone, so starting a run and resuming one are the same
thing.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import overload

from clin.config import RunConfig
from clin.errors import ModelError
from clin.exploration.stack import Known, for_run, for_trial
from clin.llms import ModelCard
from clin.prompts import Style, style
from clin.prompts.writer import questions
from clin.rollout.context import Context
from clin.rollout.interactive import AtTheStore, Stopped
from clin.rollout.scheduler import Asking
from clin.rollout.trial import play
from memory.archive import Archive, Way, route_of
from memory.evidence.confirmation import confirmed
from memory.evidence.link_tests import LinkTest, chosen
from memory.evidence.tally import Tally
from memory.links import Hedge, Link, Relation
from memory.requests import lapse
from memory.retrieval import Use, select, usage
from memory.rules.naming import warned
from memory.store import Store, TrialRow
from memory.strategies import Counting, Revised, Strategy, open_strategy
from memory.trials import Call, Ending, Memory, Step, Trial
from worlds import World, open_world


class Watcher:
    """What happens in a run, told after it is safe in the store. Does nothing; override what you
    want to see."""

    def run_begins(self, run: str, config: RunConfig) -> None:
        """A new run is in the store."""

    def trial_begins(self, run: str, config: RunConfig, number: int, steps: int) -> None:
        """Trial ``number`` starts, or goes on after ``steps`` stored steps."""

    def step_done(
        self, run: str, number: int, index: int, step: Step, calls: Sequence[Call]
    ) -> None:
        """Step ``index`` (from 0) of trial ``number`` is stored."""

    def context_cut(self, run: str, number: int, left_out: int) -> None:
        """The trial outgrew the model's context: its ``left_out`` earliest steps are no longer
        read."""

    def trial_ended(self, run: str, config: RunConfig, trial: Trial, memory: Memory) -> None:
        """The trial's ending and the memory written after it are stored."""


@dataclass
class Learner:
    """One run. ``run`` is None until its first trial begins, so that what cannot start leaves
    nothing behind; ``size`` counts tokens as the model does."""

    store: Store
    config: RunConfig
    card: ModelCard
    size: Callable[[str], int]
    run: str | None = None
    watcher: Watcher = field(default_factory=Watcher)
    initial: Memory | None = None
    """What the first trial of a new run starts from."""
    writer: ModelCard | None = None
    """The card of the model that writes the memory, where that is another one."""
    stopping: Callable[[], bool] = lambda: False
    """Whether the process is to end; asked while a trial waits for a person."""
    paused: bool = False
    """Whether a person has paused the run."""
    carried: Mapping[Link, Tally] = field(default_factory=dict)
    """What earlier runs counted for the initial memory, where the strategy counts."""
    withheld: Sequence[tuple[str, str]] = ()
    """What was left out of that memory, with the reason."""
    _archive: Archive = field(default_factory=Archive, init=False)

    def adapt(self) -> Asking:
        """Play the run's trials that are not in the store yet, revising the memory after each
        (ADAPT)."""
        strategy = open_strategy(self.config.strategy, writer=self.config.writer)
        self._can_be_written(strategy)
        world: World = open_world(
            self.config.world,
            self.config.task,
            self.config.variation,
            seed=self.config.seed,
            **self.config.world_options,
        )
        world = for_run(world, self.config)
        if self.run:
            lapse(self.store, self.run)
        self._carry(strategy)
        try:
            for number in range(self.config.trials):
                row = self._row(number)
                if row is None or row.ending is None:
                    yield from self._trial(world, strategy, number, row)
            self.store.finish_run(self._name(), "finished")
        except Stopped:
            self.store.finish_run(self._name(), "stopped")
        finally:
            world.close()

    def _can_be_written(self, strategy: Strategy) -> None:
        """ModelError, before anything is stored, where the writer cannot be asked what the strategy
        asks."""
        card = self.writer or self.card
        asks = self.config.writer == "model" and hasattr(strategy, "writer")
        if (
            asks
            and card.prompt.startswith("compact")
            and not getattr(strategy, "says_what_it_asks", False)
        ):
            raise ModelError(
                f"{card.name} was not made to write what the strategy {self.config.strategy} "
                "keeps; use --writer rules"
            )

    def _carry(self, strategy: Strategy) -> None:
        """Let a strategy that counts go on from what earlier runs of the sequence counted."""
        if not self.config.stream or not isinstance(strategy, Counting):
            return
        if self.run:
            self.carried = self.store.tallies(self.run, -1)
        ended = (
            [row.number for row in self.store.trials(self.run) if row.ending is not None]
            if self.run
            else []
        )
        begun = self.store.latest_version(self.run, -1) if self.run else None
        memory = begun.memory if begun else self.initial or Memory()
        strategy.carry(
            memory,
            self.carried,
            self.store.tallies(self.run, ended[-1]) if self.run and ended else {},
        )

    def _trial(self, world: World, strategy: Strategy, number: int, row: TrialRow | None) -> Asking:
        opening = world.reset().text
        before = self.store.latest_version(self.run, number - 1) if self.run else None
        memory = before.memory if before else self.initial or Memory()
        layout = style(self.card.prompt)
        recalled, ranking = self._recalled(strategy, layout, memory, world.goal, number, row)
        context = Context(
            layout, self.card.context, self.size, layout.head(world.goal, recalled, opening)
        )
        past = self.store.steps(row.id) if row else ()
        test = self._test(number, row)
        way = None if test else self._way(number, row)  # a test withholds what a way may need
        trial_id = (
            row.id if row else self._begin(world, number, opening, recalled, ranking, test, way)
        )
        self.watcher.trial_begins(self._name(), self.config, number, len(past))
        indices, left_out = itertools.count(len(past)), 0

        def record(step: Step, calls: Sequence[Call]) -> None:
            nonlocal left_out
            self.store.append_step(trial_id, step, calls)
            if context.left_out != left_out:
                left_out = context.left_out
                self.watcher.context_cut(self._name(), number, left_out)
            self.watcher.step_done(self._name(), number, next(indices), step, calls)

        person = AtTheStore(self.store, self._name(), trial_id, self.paused, self.stopping)
        ending = yield from play(
            self._offered(world, recalled, test, way, number),
            recalled,
            record,
            budget=self.config.budget,
            context=context,
            card=self.card,
            past=past,
            weigh=getattr(strategy, "weighs_actions", False),
            person=person,
        )
        self.paused = person.paused
        trial = Trial(number, world.goal, opening, self.store.steps(trial_id), ending, recalled)
        yield from self._revise(strategy, trial_id, trial, memory)

    def _offered(
        self, world: World, recalled: Memory, test: LinkTest | None, way: Way | None, number: int
    ) -> World:
        """The world as this trial is offered it."""
        archive = self._archive.read(self.store, self._name(), number)
        counts_here = confirmed(recalled, self._taught_elsewhere(), archive.done)
        known = Known(number, archive, counts_here, self._costly_elsewhere())
        return for_trial(world, self.config, known, way=way, test=test)

    def _way(self, number: int, row: TrialRow | None) -> Way | None:
        """Where the trial goes back to first; what was interrupted goes on as it began."""
        if row is not None:
            return route_of(self.store, row.id)
        if not self.config.go_back or not self.run:
            return None
        return self._archive.read(self.store, self.run, number).way(self.config.budget // 2)

    def _taught_elsewhere(self) -> Memory:
        """What the run's first memory says of other places: all of it, where it was generalised or
        is carried through a sequence."""
        if self.config.setting == "adapt" and not self.config.stream:
            return Memory()
        begun = self.store.latest_version(self.run, -1) if self.run else None
        return begun.memory if begun else self.initial or Memory()

    def _costly_elsewhere(self) -> list[str]:
        """The kinds of action of which other places taught that they do not contribute where the
        goal does not name their object. Only what was generalised: there what such actions gained
        elsewhere is held against it, while a sequence carries links, and that something unnamed
        helped is none."""
        if self.config.stream:
            return []
        taught = (
            link
            for link in self._taught_elsewhere().links
            if link.relation is Relation.NOT_CONTRIBUTE and link.hedge is Hedge.SHOULD
        )
        return [kind for link in taught if (kind := warned(link.cause))]

    def _recalled(
        self,
        strategy: Strategy,
        layout: Style,
        memory: Memory,
        goal: str,
        number: int,
        row: TrialRow | None,
    ) -> tuple[Memory, Sequence[Sequence[object]]]:
        """What the trial reads; one that was interrupted goes on with what it had read, whatever
        was corrected since."""
        if row is not None:
            return self.store.trial(row.id).recalled, ()
        if not self.config.read_elsewhere:
            done = self._archive.read(self.store, self.run, number).done if self.run else ()
            memory = confirmed(memory, self._taught_elsewhere(), done)
        room = self.config.memory_room or self.card.context // 3 or sys.maxsize
        run = self.run
        known: Callable[[], Mapping[Link, Use]] = (lambda: usage(self.store, run)) if run else dict
        recalled, ranked = select(
            strategy.recall(memory, goal),
            room,
            self.size,
            goal,
            known,
            partial(layout.learning, memory),
        )
        return recalled, [(str(each.link), each.score, each.reasons, each.read) for each in ranked]

    def _test(self, number: int, row: TrialRow | None) -> LinkTest | None:
        """The link that this trial tests: one that is open after the last trial. Not in the last,
        whose result nobody reads."""
        if row is not None:
            return self.store.link_test(row.id)
        if not self.run or not self.config.test_steps or number + 1 == self.config.trials:
            return None
        before = [self.store.link_test(each.id) for each in self.store.trials(self.run)]
        return chosen(
            self.store.tallies(self.run, number - 1),
            [each.link for each in before if each],
            self.config.test_steps,
        )

    def _revise(self, strategy: Strategy, trial_id: int, trial: Trial, memory: Memory) -> Asking:
        """The trial's ending and the new memory become one transaction; a crashed trial teaches
        nothing."""
        calls: list[Call] = []
        revised, writer = Revised(memory), "unchanged"
        if trial.ending is not Ending.CRASHED and not self.config.read_only_memory:
            rows = [row.id for row in self.store.trials(self._name()) if row.number < trial.number]
            revision = strategy.revise(memory, Trials(self.store.trial, rows, trial), self.size)
            revised, writer = (
                (
                    yield from questions(
                        revision, "revise", self.writer or self.card, calls, self.size
                    )
                ),
                self._writer(),
            )
        version = self.store.finish_trial(
            trial_id,
            trial.ending,
            revised.memory,
            writer=writer,
            unreadable=revised.unreadable,
            calls=calls,
            tallies=revised.tallies,
            refused=revised.refused,
        )
        assert version is not None, "a trial that ends with a memory makes a version"
        self.watcher.trial_ended(
            self._name(), self.config, trial, self.store.memory_version(version).memory
        )

    def _writer(self) -> str:
        model = f" {(self.writer or self.card).name}" if self.config.writer == "model" else ""
        return (
            "none"
            if self.config.strategy == "none"
            else f"{self.config.strategy}/{self.config.writer}{model}"
        )

    def _begin(
        self,
        world: World,
        number: int,
        opening: str,
        recalled: Memory,
        ranking: Sequence[Sequence[object]],
        test: LinkTest | None,
        way: Way | None,
    ) -> int:
        if self.run is None:
            self.run = self.store.begin_run(
                self.config.model_dump(mode="json"),
                self.initial,
                self.config.start,
                self.carried,
                self.withheld,
            )
            self.watcher.run_begins(self.run, self.config)
        before = self.store.latest_version(self.run, number - 1)
        return self.store.begin_trial(
            self.run,
            number,
            task_goal=world.goal,
            opening=opening,
            recalled=recalled,
            version=before.id if before else None,
            world=self.config.world,
            task=self.config.task,
            variation=self.config.variation,
            ranking=ranking,
            test=test,
            way=way.kept() if way else None,
        )

    def _name(self) -> str:
        if self.run is None:
            raise RuntimeError("the run has no trial yet")
        return self.run

    def _row(self, number: int) -> TrialRow | None:
        rows = self.store.trials(self.run) if self.run else []
        return next((row for row in rows if row.number == number), None)


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
