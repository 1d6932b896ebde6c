"""Play a batch: what is missing in the database, sources first, failures of one run kept apart from
the others. What another process plays is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from clin.config import ModelInfo, RunConfig, versions
from clin.errors import reason
from clin.experiments.cells import Cell, Line, Played, config_in_stream, config_of
from clin.experiments.identity import Known, identity
from clin.experiments.kept import OneModel
from clin.experiments.spec import Batch
from clin.language import language_of
from clin.learner import Learner, strategy_of
from clin.llms import LLM, Answer, Question
from clin.llms.roles import card_of, notes_of
from clin.models import open_models
from clin.prompts.writer import questions
from clin.rollout.scheduler import drive
from clin.watcher import Watcher
from memory.corrections import Ruling, ruled
from memory.evidence.scope import Counted, restated
from memory.evidence.tally import Tally
from memory.lifting import in_words_of
from memory.links import Link
from memory.store import HeldElsewhere, Store, StoreError
from memory.store.leases import cell, cell_of, has_free
from memory.strategies import Episode, Revised
from memory.trials import Memory
from worlds import open_world

T = TypeVar("T")
Playing = Generator[Question, Answer, T]
LOOK_SECONDS = 0.5
"""Between two looks at what another process plays."""


@dataclass
class Outcome:
    """``played`` runs, those that were ``there`` already, and (cell, reason) of those that
    failed."""

    played: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    interrupted: bool = False


class Batching:
    """One batch over one store. ``stop`` is asked between steps. ``kept`` is the model that
    outlives the batch; without it each is closed when its cells are played. ``allowed`` are the
    hosts that the user's key may go to."""

    def __init__(
        self,
        store: Store,
        batch: Batch,
        watcher: Watcher,
        stop: Callable[[], bool],
        kept: OneModel | None = None,
        *,
        allowed: Collection[str] = (),
    ) -> None:
        self._store, self._batch = store, batch
        self._watcher, self._stop, self._kept = watcher, stop, kept
        self._allowed = allowed
        self._known = Known(store)
        self._elsewhere: dict[Cell | Line, HeldElsewhere] = {}
        self._over: set[Cell | Line] = set()
        self.outcome = Outcome()

    def play(self, cells: Sequence[Cell], lines: Sequence[Line] = ()) -> Outcome:
        """Play all ``cells`` and ``lines``, model by model."""
        planned: list[Cell | Line] = [*cells, *lines]
        for model, seed in dict.fromkeys((each.model, each.seed) for each in planned):
            if not self.outcome.interrupted:
                mine = [each for each in planned if (each.model, each.seed) == (model, seed)]
                self._with_model(model, seed, mine)
        return self.outcome

    def _with_model(self, model: str, seed: int, planned: list[Cell | Line]) -> None:
        try:
            llm = self._opened(model, seed)
        except Exception as error:
            self._fail(planned, error)
            return
        try:
            self._watcher.model_opened(notes_of(llm))
            for stage in stages(planned):
                if stage and not self.outcome.interrupted:
                    self._stage(llm, model, stage)
        except Exception as error:  # of the model itself, or of the store between two stages
            self._fail([each for each in planned if each not in self._over], error)
        finally:
            self._let_go(llm, model)

    def _opened(self, model: str, seed: int) -> LLM:
        tell = self._watcher.told
        return opened(self._batch, model, seed, self._kept, self._allowed, tell)

    def _let_go(self, llm: LLM, model: str) -> None:
        """Close the model, or leave it to what plays next."""
        if self._kept is not None:
            return
        try:
            llm.close()
        except Exception as error:  # the other models are still to play
            self.outcome.failed.append((f"closing {model}", reason(error)))

    def _fail(self, planned: Sequence[Cell | Line], error: Exception) -> None:
        """Tell of all ``planned`` that they failed for the same reason."""
        self.outcome.failed += [(str(each), reason(error)) for each in planned]

    def _stage(self, llm: LLM, model: str, stage: Sequence[Cell | Line]) -> None:
        """Play what does not wait for another, with many in flight; then wait for what another
        process plays, and play what it leaves."""
        played = played_with(self._batch, model, llm)
        while stage and not self.outcome.interrupted:
            self._known.look()
            self._elsewhere = {}
            asking = [self._guarded(each, self._planned(each, llm, played)) for each in stage]
            if not drive(asking, llm, lanes=self._batch.engine.lanes, stop=self._stop):
                self.outcome.interrupted = True
            stage = [*self._elsewhere]
            self._wait([*self._elsewhere.values()])

    def _wait(self, held: Sequence[HeldElsewhere]) -> None:
        """Wait for what another process plays, unless this one ends."""
        if held and not self.outcome.interrupted:
            going_on = waited(self._store, held, self._watcher, self._stop)
            self.outcome.interrupted = not going_on

    def _guarded(self, planned: Cell | Line, playing: Playing[None]) -> Playing[None]:
        """Whatever goes wrong is told with its cell, and the others go on."""
        try:
            yield from playing
        except HeldElsewhere as error:
            self._elsewhere[planned] = error
            return
        except Exception as error:
            self._fail([planned], error)
        self._over.add(planned)

    def _planned(self, planned: Cell | Line, llm: LLM, played: Played) -> Playing[None]:
        if isinstance(planned, Line):
            yield from self._line(planned, llm, played)
            return
        config = config_of(self._batch, planned, played)
        initial = partial(self._meta_memory, planned, config, llm) if planned.sources else None
        yield from self._run(config, llm, initial)

    def _line(self, line: Line, llm: LLM, played: Played) -> Playing[None]:
        """The blocks one after the other; each starts from what the last one learned, from what was
        counted, and from what people ruled."""
        memory, counted, language = Memory(), Counted(), language_of(line.lineage.world)
        rulings: Sequence[Ruling] = ()
        for block in line.lineage.blocks:
            for place in block.places:
                config = config_in_stream(self._batch, line, block, place, played)
                base = counted.here(*place)
                told = restated(memory, base)
                told = replace(told, links=ruled(told.links, rulings, language))
                begun = partial(_given, told, base)
                initial = begun if memory != Memory() or rulings else None
                run = yield from self._run(config, llm, initial, rulings)
                if run is None:
                    return  # stopped by a person
                if block.learning:
                    last = self._batch.trials - 1
                    memory = self._store.version_after(run, last).memory
                    rulings = self._store.rulings(run, language)
                    counted.add(*place, self._store.tallies(run, last), base)

    def _run(
        self,
        config: RunConfig,
        llm: LLM,
        initial: Callable[[], Playing[Revised]] | None,
        rulings: Sequence[Ruling] = (),
    ) -> Playing[str | None]:
        """Play one run that is not in the store yet, or the rest of it; its name, None where a
        person stopped it. ``rulings`` are taken over with what it begins with (``initial``).
        HeldElsewhere where another process plays it."""
        if there := self._finished(config):
            return there
        with cell_of(self._store, identity(config), told(config)):
            self._known.look(always=False)  # it may have ended elsewhere meanwhile
            if there := self._finished(config):
                return there
            return (yield from self._claimed(config, llm, initial, rulings))

    def _finished(self, config: RunConfig) -> str:
        """The name of the run of ``config``, where the store has it whole; else empty."""
        run = self._known.run(config)
        if run is None or run.state != "finished":
            return ""
        if run.name not in self.outcome.there:
            self.outcome.there.append(run.name)
        return run.name

    def _claimed(
        self,
        config: RunConfig,
        llm: LLM,
        initial: Callable[[], Playing[Revised]] | None,
        rulings: Sequence[Ruling],
    ) -> Playing[str | None]:
        """As :meth:`_run`, while nobody else plays it."""
        before = self._known.run(config)
        learner = Learner.over(
            llm,
            self._store,
            config,
            run=before.name if before else None,
            watcher=self._watcher,
            stopping=self._stop,
            cell=cell(identity(config)),
        )
        if before is not None:
            self._store.claim_run(before.name)
        elif initial is not None:
            revised = yield from initial()
            learner.initial, learner.withheld = revised.memory, revised.refused
            learner.carried, learner.rulings = dict(revised.tallies), rulings
        yield from learner.adapt()
        if learner.run and self._store.run(learner.run).state == "stopped":
            self.outcome.interrupted = True
            return None
        self.outcome.played.append(learner.run or "")
        return learner.run

    def _meta_memory(self, planned: Cell, config: RunConfig, llm: LLM) -> Playing[Revised]:
        """What the earlier episodes' memories become together; asks the writer where the strategy
        does."""
        past = [self._episode(source, config) for source in planned.source_cells()]
        strategy = strategy_of(config, language_of(planned.world))
        begun = [each for each in past if each.trials]
        if config.prompting.at_each_step:
            goal = _goal(config)
            begun = [in_words_of(goal, each) for each in begun]
        else:  # rules do not read it
            goal = _goal(config) if config.writer == "model" else planned.task
        revision = strategy.generalise(begun, goal, planned.setting, llm.count)
        card = card_of(llm, "generalise")
        revised = yield from questions(revision, "generalise", card, [], llm.count)
        return revised

    def _episode(self, source: Cell, like: RunConfig) -> Episode:
        """The stored episode of ``source``; StoreError where it is missing or unfinished, since
        then its run failed."""
        run = self._known.run(
            like.but(
                task=source.task,
                variation=source.variation,
                setting="adapt",
                start="",
                read_unconfirmed=True,
            )
        )
        if run is None or run.state != "finished":
            how = "is missing" if run is None else f"has not ended ({run.name}, {run.state})"
            raise StoreError(f"the episode that this run starts from {how}: {source}")
        rows = [row for row in self._store.trials(run.name) if row.ending is not None]
        trials = tuple(self._store.trial(row.id) for row in rows)
        memories = tuple(self._store.version_after(run.name, row.number).memory for row in rows)
        return Episode(source.world, source.task, source.variation, trials, memories)


def opened(
    batch: Batch,
    model: str,
    seed: int,
    kept: OneModel | None = None,
    allowed: Collection[str] = (),
    tell: Callable[[str], None] = lambda line: None,
) -> LLM:
    """The ``model`` as a batch loads it; the one that is ``kept``, where it is this. ``tell`` is
    given what its user should know while it plays."""

    def load() -> LLM:
        return open_models(
            model,
            batch.engine,
            batch.sampling,
            seed=seed,
            think=batch.prompting.think,
            guided=batch.prompting.guided,
            allowed=allowed,
            tell=tell,
        )

    return kept.get(batch, model, seed, load) if kept else load()


def played_with(batch: Batch, model: str, llm: LLM) -> Played:
    """With what the runs of a batch are played that ``llm`` plays."""
    return Played(ModelInfo.of(model, llm.card), card_of(llm, "revise"), versions())


def waited(
    store: Store, held: Sequence[HeldElsewhere], watcher: Watcher, stop: Callable[[], bool]
) -> bool:
    """Wait until another process has let go of something that it ``held``, and tell for what; False
    where the batch is to ``stop`` first."""
    if held:
        watcher.waits([str(each) for each in held])
    while held and not has_free(store, [each.what for each in held]):
        if stop():
            return False
        time.sleep(LOOK_SECONDS)
    return True


def told(config: RunConfig) -> str:
    """A run that is to be, in words."""
    where = f", block {config.stream}" if config.stream else ""
    return (
        f"{config.world}/{config.task} {config.variation}, {config.strategy}, {config.setting}, "
        f"{config.model.reference}, seed {config.seed}{where}"
    )


def stages(planned: Sequence[Cell | Line]) -> list[list[Cell | Line]]:
    """``planned`` in the order of what waits for what: episodes that others learn from, runs,
    sequences; each cell once in its stage."""
    cells = [each for each in planned if isinstance(each, Cell)]
    lines = [each for each in planned if isinstance(each, Line)]
    sources = dict.fromkeys(source for cell in cells for source in cell.source_cells())
    return [[*sources], [*cells], [*lines]]


def _goal(config: RunConfig) -> str:
    """The goal of the run that is to begin."""
    world = open_world(
        config.world, config.task, config.variation, seed=config.seed, **config.world_options
    )
    try:
        return world.goal
    finally:
        world.close()


def _given(memory: Memory, tallies: Mapping[Link, Tally]) -> Playing[Revised]:
    """A memory that is there already, with what was counted for it."""
    yield from ()  # a generator that asks nothing
    return Revised(memory, tallies=tuple(tallies.items()))
