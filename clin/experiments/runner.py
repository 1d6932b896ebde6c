"""Play a batch: what is missing in the database, sources first, failures of one run kept apart from
the others."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from clin.config import RunConfig, versions
from clin.defaults import chosen_heed, chosen_repeats, chosen_writer, model_fields, open_models
from clin.errors import UserError
from clin.experiments.spec import SAMPLING, Batch, Cell, Line, config_in_stream, config_of
from clin.learner import Learner, Watcher
from clin.llms import LLM, Answer, Question
from clin.llms.roles import card_of
from clin.prompts.writer import questions
from clin.rollout.scheduler import Asking, drive
from memory.evidence.scope import Counted, restated
from memory.evidence.tally import Tally
from memory.links import Link
from memory.rows import StoreError
from memory.store import Store
from memory.strategies import Episode, Revised, open_strategy
from memory.trials import Memory
from worlds import WorldError, open_world


@dataclass
class Outcome:
    """``played`` runs, those that were ``there`` already, and (cell, reason) of those that
    failed."""

    played: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    interrupted: bool = False


class Batching:
    """One batch over one store. ``stop`` is asked between steps. ``kept`` are models, by reference
    and seed, that outlive the batch: found there they are used, and opened ones are left there;
    without it each is closed when its cells are played."""

    def __init__(
        self,
        store: Store,
        batch: Batch,
        watcher: Watcher,
        stop: Callable[[], bool],
        kept: dict[tuple[str, int], LLM] | None = None,
    ) -> None:
        self._store, self._batch, self._watcher, self._stop, self._kept = (
            store,
            batch,
            watcher,
            stop,
            kept,
        )
        self.outcome = Outcome()

    def play(self, cells: Sequence[Cell], lines: Sequence[Line] = ()) -> Outcome:
        """Play all ``cells`` and ``lines``, model by model."""
        planned: list[Cell | Line] = [*cells, *lines]
        for model, seed in dict.fromkeys((each.model, each.seed) for each in planned):
            if not self.outcome.interrupted:
                mine = [cell for cell in cells if (cell.model, cell.seed) == (model, seed)]
                self._with_model(
                    model,
                    seed,
                    mine,
                    [line for line in lines if (line.model, line.seed) == (model, seed)],
                )
        return self.outcome

    def _with_model(self, model: str, seed: int, cells: list[Cell], lines: list[Line]) -> None:
        options = self._batch.loading
        try:
            llm = (self._kept or {}).get((model, seed)) or open_models(model, {}, options, seed)
        except UserError as error:
            self.outcome.failed += [(str(each), str(error)) for each in (*cells, *lines)]
            return
        try:
            sources = list(
                dict.fromkeys(source for cell in cells for source in cell.source_cells())
            )
            for stage in (sources, cells, lines):
                if stage and not self.outcome.interrupted:
                    self._stage(llm, model, options, stage)
        finally:
            if self._kept is None:
                llm.close()
            else:
                self._kept[model, seed] = llm

    def _stage(
        self, llm: LLM, model: str, options: dict[str, Any], planned: Sequence[Cell | Line]
    ) -> None:
        self._fields = {
            **model_fields(llm, model, {}, options),
            "repeats": chosen_repeats(self._batch.repeats, llm.card),
            "heed": chosen_heed(self._batch.heed, llm.card),
        }
        self._writer = chosen_writer(self._batch.writer or None, card_of(llm, "revise"))
        self._known = {
            _key(RunConfig.checked(**run.config)): run
            for run in self._store.runs()
            if run.config["model"]["reference"] != "person"
        }
        asking = [
            self._guarded(
                each, self._line(each, llm) if isinstance(each, Line) else self._cell(each, llm)
            )
            for each in planned
        ]
        if not drive(asking, llm, lanes=self._batch.lanes, stop=self._stop):
            self.outcome.interrupted = True

    def _guarded(self, planned: Cell | Line, playing: Asking) -> Asking:
        """What goes wrong is told with its cell, and the others go on."""
        try:
            yield from playing
        except (UserError, WorldError, StoreError) as error:
            self.outcome.failed.append((str(planned), str(error)))

    def _cell(self, cell: Cell, llm: LLM) -> Asking:
        config = config_of(self._batch, cell, self._fields, self._writer, versions())
        initial = partial(self._meta_memory, cell, config, llm) if cell.sources else None
        yield from self._run(config, llm, initial)

    def _line(self, line: Line, llm: LLM) -> Asking:
        """The blocks one after the other; each starts from what the last one learned, and from what
        was counted."""
        memory, counted = Memory(), Counted()
        for block in line.lineage.blocks:
            for place in block.places:
                config = config_in_stream(
                    self._batch,
                    line,
                    block.name,
                    place,
                    block.learning,
                    self._fields,
                    self._writer,
                    versions(),
                )
                base = counted.here(*place)
                begun = partial(_given, restated(memory, base), base)
                run = yield from self._run(config, llm, begun if memory != Memory() else None)
                if run is None:
                    return  # stopped by a person
                if block.learning:
                    memory = self._store.version_after(run, self._batch.trials - 1).memory
                    counted.add(*place, self._store.tallies(run, self._batch.trials - 1), base)

    def _run(
        self,
        config: RunConfig,
        llm: LLM,
        initial: Callable[[], Generator[Question, Answer, Revised]] | None,
    ) -> Generator[Question, Answer, str | None]:
        """Play one run that is not in the store yet, or the rest of it; its name, None where a
        person stopped it."""
        before = self._known.get(_key(config))
        if before is not None and before.state == "finished":
            self.outcome.there += [] if before.name in self.outcome.there else [before.name]
            return before.name
        run = before.name if before else None
        learner = Learner(
            self._store,
            config,
            llm.card,
            llm.count,
            run,
            self._watcher,
            None,
            card_of(llm, "revise"),
            self._stop,
        )
        try:
            if run is not None:
                self._store.claim_run(run)
            elif initial is not None:
                revised = yield from initial()
                learner.initial, learner.carried, learner.withheld = (
                    revised.memory,
                    dict(revised.tallies),
                    revised.refused,
                )
            yield from learner.adapt()
        except (UserError, WorldError, StoreError):
            if learner.run:
                self._store.finish_run(learner.run, "failed")
            raise
        if learner.run and self._store.run(learner.run).state == "stopped":
            self.outcome.interrupted = True
            return None
        self.outcome.played.append(learner.run or "")
        return learner.run

    def _meta_memory(
        self, cell: Cell, config: RunConfig, llm: LLM
    ) -> Generator[Question, Answer, Revised]:
        """What the earlier episodes' memories become together; asks the writer where the strategy
        does."""
        past = [self._episode(source, config) for source in cell.source_cells()]
        strategy = open_strategy(cell.strategy, writer=config.writer)
        goal = _goal(config) if config.writer == "model" else cell.task  # rules do not read it
        revision = strategy.generalise(
            [each for each in past if each.trials], goal, cell.setting, llm.count
        )
        revised = yield from questions(
            revision, "generalise", card_of(llm, "generalise"), [], llm.count
        )
        return revised

    def _episode(self, cell: Cell, like: RunConfig) -> Episode:
        """The stored episode of ``cell``; StoreError where it is missing, since then its run
        failed."""
        wanted = _key(
            like.model_copy(
                update={
                    "task": cell.task,
                    "variation": cell.variation,
                    "setting": "adapt",
                    "start": "",
                    "read_elsewhere": True,
                }
            )
        )
        for run in self._store.runs():
            if (
                run.config["model"]["reference"] != "person"
                and _key(RunConfig.checked(**run.config)) == wanted
            ):
                trials = tuple(
                    self._store.trial(row.id)
                    for row in self._store.trials(run.name)
                    if row.ending is not None
                )
                memories = tuple(
                    self._store.version_after(run.name, trial.number).memory for trial in trials
                )
                return Episode(cell.world, cell.task, cell.variation, trials, memories)
        raise StoreError(f"the episode that this run starts from is missing: {cell}")


def _goal(config: RunConfig) -> str:
    """The goal of the run that is to begin."""
    world = open_world(
        config.world, config.task, config.variation, seed=config.seed, **config.world_options
    )
    try:
        return world.goal
    finally:
        world.close()


def _given(memory: Memory, tallies: Mapping[Link, Tally]) -> Generator[Question, Answer, Revised]:
    """A memory that is there already, with what was counted for it."""
    return Revised(memory, tallies=tuple(tallies.items()))
    yield  # a generator that asks nothing


def _key(config: RunConfig) -> str:
    """What makes two runs the same: all but the versions of packages, the number of lanes and where
    the model runs."""
    given = config.model.options
    options = {
        name: given.get(name, Batch.model_fields[name].default)
        for name in ("ctx", "kv_type", *SAMPLING)
    }
    return config.model_copy(
        update={
            "versions": {},
            "model": config.model.model_copy(update={"options": options, "exact": True}),
        }
    ).model_dump_json()
