"""Play a batch: what is missing in the database, sources first, failures of one run kept apart from the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from clin.batch import Batch, Cell, config_of
from clin.drive import Asking, drive
from clin.errors import UserError
from clin.experiment import RunConfig, versions
from clin.learn import Learner, Watcher, questions
from clin.llms import LLM
from clin.llms.roles import card_of
from clin.start import chosen_writer, model_fields, open_models
from memory.rows import StoreError
from memory.store import Store
from memory.strategies import Episode, open_strategy
from memory.trials import Memory
from worlds import WorldError


@dataclass
class Outcome:
    """``played`` runs, those that were ``there`` already, and (cell, reason) of those that failed."""

    played: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    interrupted: bool = False


class Batching:
    """One batch over one store. ``stop`` is asked between steps."""

    def __init__(self, store: Store, batch: Batch, watcher: Watcher, stop: Callable[[], bool]) -> None:
        self._store, self._batch, self._watcher, self._stop = store, batch, watcher, stop
        self.outcome = Outcome()

    def play(self, cells: Sequence[Cell]) -> Outcome:
        """Play all ``cells``, model by model."""
        for model in dict.fromkeys(cell.model for cell in cells):
            if not self.outcome.interrupted:
                self._with_model(model, [cell for cell in cells if cell.model == model])
        return self.outcome

    def _with_model(self, model: str, cells: list[Cell]) -> None:
        options: dict[str, Any] = {"lanes": self._batch.lanes, "temperature": self._batch.temperature}
        sources = list(dict.fromkeys(source for cell in cells for source in cell.source_cells()))
        for seed in dict.fromkeys(cell.seed for cell in cells):
            mine = [cell for cell in cells if cell.seed == seed]
            try:
                llm = open_models(model, {}, options, seed)
            except UserError as error:
                self.outcome.failed += [(str(cell), str(error)) for cell in mine]
                continue
            try:
                for stage in ([each for each in sources if each.seed == seed], mine):
                    if stage and not self.outcome.interrupted:
                        self._stage(llm, model, options, stage)
            finally:
                llm.close()

    def _stage(self, llm: LLM, model: str, options: dict[str, Any], cells: list[Cell]) -> None:
        fields = model_fields(llm, model, {}, options)
        writer = chosen_writer(self._batch.writer or None, card_of(llm, "revise"))
        known = {_key(RunConfig.checked(**run.config)): run for run in self._store.runs() if run.config["model"]["reference"] != "person"}
        asking = []
        for cell in cells:
            config = config_of(self._batch, cell, fields, writer, versions())
            before = known.get(_key(config))
            if before is not None and before.state == "finished":
                self.outcome.there += [] if before.name in self.outcome.there else [before.name]
                continue
            asking.append(self._guarded(cell, config, before.name if before else None, llm))
        if not drive(asking, llm, lanes=self._batch.lanes, stop=self._stop):
            self.outcome.interrupted = True

    def _guarded(self, cell: Cell, config: RunConfig, run: str | None, llm: LLM) -> Asking:
        """One run; what goes wrong in it is told with its cell, and the others go on."""
        learner = Learner(self._store, config, llm.card, llm.count, run, self._watcher, None, card_of(llm, "revise"), self._stop)
        try:
            if run is not None:
                self._store.claim_run(run)
            elif cell.sources:
                learner.initial = yield from self._meta_memory(cell, config, llm)
            yield from learner.adapt()
            if learner.run and self._store.run(learner.run).state == "stopped":  # by a person
                self.outcome.interrupted = True
            else:
                self.outcome.played.append(learner.run or "")
        except (UserError, WorldError, StoreError) as error:
            self.outcome.failed.append((str(cell), str(error)))
            if learner.run:
                self._store.finish_run(learner.run, "failed")

    def _meta_memory(self, cell: Cell, config: RunConfig, llm: LLM) -> Any:
        """What the earlier episodes' memories become together; asks the writer where the strategy does."""
        past = [self._episode(source, config) for source in cell.source_cells()]
        strategy = open_strategy(cell.strategy, writer=config.writer)
        goal = past[0].trials[0].goal if past and past[0].trials else cell.task
        revision = strategy.generalise([each for each in past if each.trials], goal, cell.setting, llm.count)
        revised = yield from questions(revision, "generalise", card_of(llm, "generalise"), [])
        return Memory(revised.memory.links, revised.memory.notes)

    def _episode(self, cell: Cell, like: RunConfig) -> Episode:
        """The stored episode of ``cell``; StoreError where it is missing, since then its run failed."""
        wanted = _key(like.model_copy(update={
            "task": cell.task, "variation": cell.variation, "setting": "adapt", "start": "",
        }))
        for run in self._store.runs():
            if run.config["model"]["reference"] != "person" and _key(RunConfig.checked(**run.config)) == wanted:
                trials = tuple(self._store.trial(row.id) for row in self._store.trials(run.name) if row.ending is not None)
                memories = tuple(self._store.version_after(run.name, trial.number).memory for trial in trials)
                return Episode(cell.world, cell.task, cell.variation, trials, memories)
        raise StoreError(f"the episode that this run starts from is missing: {cell}")


def _key(config: RunConfig) -> str:
    """What makes two runs the same: all but the versions of packages and the number of lanes."""
    options = {name: value for name, value in config.model.options.items() if name == "temperature"}
    return config.model_copy(update={"versions": {}, "model": config.model.model_copy(update={"options": options, "exact": True})}).model_dump_json()
