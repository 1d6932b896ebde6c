"""Play a batch: what is missing in the database, sources first, failures of one run kept apart from
the others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from clin.config import ModelInfo, RunConfig, versions
from clin.defaults import chosen_writer
from clin.errors import UserError, reason
from clin.experiments.cells import Cell, Line, Played, config_in_stream, config_of
from clin.experiments.spec import Batch
from clin.language import language_of
from clin.learner import Learner, strategy_of
from clin.llms import LLM, Answer, Question
from clin.llms.roles import card_of, notes_of
from clin.models import open_models
from clin.options import Engine
from clin.prompts.writer import questions
from clin.rollout.scheduler import drive
from clin.watcher import Watcher
from memory.corrections import Ruling, ruled
from memory.evidence.scope import Counted, restated
from memory.evidence.tally import Tally
from memory.lifting import in_words_of
from memory.links import Link
from memory.store import RunRow, Store, StoreError
from memory.strategies import Episode, Revised
from memory.trials import Memory
from worlds import open_world

T = TypeVar("T")
Playing = Generator[Question, Answer, T]


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
    without it each is closed when its cells are played. ``allowed`` are the hosts that the user's
    key may go to."""

    def __init__(
        self,
        store: Store,
        batch: Batch,
        watcher: Watcher,
        stop: Callable[[], bool],
        kept: dict[tuple[str, int], LLM] | None = None,
        *,
        allowed: Collection[str] = (),
    ) -> None:
        self._store, self._batch = store, batch
        self._watcher, self._stop, self._kept = watcher, stop, kept
        self._allowed = allowed
        self._known: dict[str, RunRow] = {}
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
            llm = (self._kept or {}).get((model, seed)) or open_models(
                model,
                self._batch.engine,
                self._batch.sampling,
                seed=seed,
                think=self._batch.prompting.think,
                guided=self._batch.prompting.guided,
                allowed=self._allowed,
                tell=self._watcher.told,
            )
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
            self._let_go(llm, model, seed)

    def _let_go(self, llm: LLM, model: str, seed: int) -> None:
        """Close the model, or leave it to what plays next."""
        if self._kept is not None:
            self._kept[model, seed] = llm
            return
        try:
            llm.close()
        except Exception as error:  # the other models are still to play
            self.outcome.failed.append((f"closing {model}", reason(error)))

    def _fail(self, planned: Sequence[Cell | Line], error: Exception) -> None:
        """Tell of all ``planned`` that they failed for the same reason."""
        self.outcome.failed += [(str(each), reason(error)) for each in planned]

    def _stage(self, llm: LLM, model: str, stage: Sequence[Cell | Line]) -> None:
        """Play what does not wait for another, with many in flight."""
        writer = chosen_writer(self._batch.writer, card_of(llm, "revise"))
        played = Played(ModelInfo.of(model, llm.card), writer, versions())
        self._known = _played_by_models(self._store)
        asking = [self._guarded(each, self._planned(each, llm, played)) for each in stage]
        if not drive(asking, llm, lanes=self._batch.engine.lanes, stop=self._stop):
            self.outcome.interrupted = True

    def _guarded(self, planned: Cell | Line, playing: Playing[None]) -> Playing[None]:
        """Whatever goes wrong is told with its cell, and the others go on."""
        try:
            yield from playing
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
        person stopped it. ``rulings`` are taken over with what it begins with (``initial``)."""
        before = self._known.get(_key(config))
        if before is not None and before.state == "finished":
            if before.name not in self.outcome.there:
                self.outcome.there.append(before.name)
            return before.name
        learner = Learner.over(
            llm,
            self._store,
            config,
            run=before.name if before else None,
            watcher=self._watcher,
            stopping=self._stop,
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

    def _meta_memory(self, cell: Cell, config: RunConfig, llm: LLM) -> Playing[Revised]:
        """What the earlier episodes' memories become together; asks the writer where the strategy
        does."""
        past = [self._episode(source, config) for source in cell.source_cells()]
        strategy = strategy_of(config, language_of(cell.world))
        begun = [each for each in past if each.trials]
        if config.prompting.at_each_step:
            goal = _goal(config)
            begun = [in_words_of(goal, each) for each in begun]
        else:
            goal = _goal(config) if config.writer == "model" else cell.task  # rules do not read it
        revision = strategy.generalise(begun, goal, cell.setting, llm.count)
        card = card_of(llm, "generalise")
        revised = yield from questions(revision, "generalise", card, [], llm.count)
        return revised

    def _episode(self, cell: Cell, like: RunConfig) -> Episode:
        """The stored episode of ``cell``; StoreError where it is missing or unfinished, since then
        its run failed."""
        wanted = _key(
            like.but(
                task=cell.task,
                variation=cell.variation,
                setting="adapt",
                start="",
                read_unconfirmed=True,
            )
        )
        run = self._known.get(wanted)
        if run is None or run.state != "finished":
            how = "is missing" if run is None else f"has not ended ({run.name}, {run.state})"
            raise StoreError(f"the episode that this run starts from {how}: {cell}")
        rows = [row for row in self._store.trials(run.name) if row.ending is not None]
        trials = tuple(self._store.trial(row.id) for row in rows)
        memories = tuple(self._store.version_after(run.name, row.number).memory for row in rows)
        return Episode(cell.world, cell.task, cell.variation, trials, memories)


def stages(planned: Sequence[Cell | Line]) -> list[list[Cell | Line]]:
    """``planned`` in the order of what waits for what: episodes that others learn from, runs,
    sequences; each cell once in its stage."""
    cells = [each for each in planned if isinstance(each, Cell)]
    lines = [each for each in planned if isinstance(each, Line)]
    sources = dict.fromkeys(source for cell in cells for source in cell.source_cells())
    return [[*sources], [*cells], [*lines]]


def _played_by_models(store: Store) -> dict[str, RunRow]:
    """The runs of ``store`` that no person played, by what makes two runs the same."""
    found: dict[str, RunRow] = {}
    for run in store.runs():
        try:
            config = RunConfig.checked(**run.config)
        except UserError:  # of another version of clin: no run of this one is the same
            continue
        if config.model.reference != "person":
            found[_key(config)] = run
    return found


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


def _key(config: RunConfig) -> str:
    """What makes two runs the same: all but the versions of packages, the number of lanes and where
    the model runs."""
    engine = Engine(ctx=config.engine.ctx, kv_type=config.engine.kv_type)
    same = config.but(versions={}, engine=engine, model=config.model.but(exact=True))
    return same.model_dump_json()
