"""How a model does on held-out places: which are drawn, and what came of the runs that
:mod:`clin.experiments.runner` played there."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from clin.analysis.statistics import Mean, mean_of
from clin.config import RunConfig
from clin.distill.places import Place
from clin.errors import UserError
from clin.experiments.cells import Cell
from clin.experiments.spec import Batch
from clin.watcher import Watcher
from memory.spelling import did_you_mean
from memory.store import Store
from worlds import find_task, world_module


def places(world: str, tasks: Sequence[str], split: str, per_task: int, seed: int) -> list[Place]:
    """``per_task`` places of each task from ``split``; ``tasks`` may be ``all`` or a set that the
    world names. The rule seeds of a world that has such are of that split too. UserError for a
    split that does not exist."""
    module = world_module(world)
    every = [each.name for each in module.tasks()]
    sets: Mapping[str, Sequence[str]] = {"all": every, **getattr(module, "TASK_SETS", {})}
    names = sets.get(" ".join(tasks), tasks)
    found = []
    for name in names:
        task = find_task(world, name)
        if split not in task.splits:
            raise UserError(
                f"no split '{split}' of {world}{did_you_mean(split, task.splits)} (splits: "
                f"{', '.join(task.splits)})"
            )
        random = Random(f"{seed} {world} {task.name} {split}")
        numbers = list(task.splits[split])
        rules = getattr(module, "RULE_SPLITS", {}).get(split)
        for variation in random.sample(numbers, min(per_task, len(numbers))):
            found.append(
                Place.of(
                    world, task.name, variation, {"rules": random.choice(rules)} if rules else {}
                )
            )
    return found


def cells(batch: Batch, places: Sequence[Place]) -> list[Cell]:
    """Each of ``places`` with each strategy of ``batch``, under its first model and seed."""
    model, seed = batch.models[0], batch.seeds[0]
    return [
        Cell(
            place.world,
            place.task,
            place.variation,
            strategy,
            "adapt",
            model,
            seed,
            options=place.options,
        )
        for strategy in batch.strategies
        for place in places
    ]


class Counted(Watcher):
    """Tells of each run that has ended how many have, and which it was."""

    def __init__(self, tell: Callable[[int, str], None]) -> None:
        self._tell, self._ended = tell, itertools.count(1)

    def run_ended(self, run: str, config: RunConfig) -> None:
        self._tell(next(self._ended), f"{config.strategy} {config.task} {config.variation}")


@dataclass(frozen=True)
class Outcome:
    """One strategy's scores by place, a row of trials per finished run; negative scores count as
    0."""

    strategy: str
    scores: dict[str, tuple[float, ...]]

    @property
    def trials(self) -> int:
        """How many trials every run has."""
        return min(map(len, self.scores.values()))

    def trial(self, number: int) -> Mean:
        return mean_of([row[number] for row in self.scores.values()])

    def gain(self) -> Mean:
        """The last trial less the first, place by place."""
        return mean_of([row[-1] - row[0] for row in self.scores.values()])

    def over(self, other: Outcome) -> Mean | None:
        """The last trial less the other strategy's, on the places that both have played; None where
        there is none."""
        both = [key for key in self.scores if key in other.scores]
        deltas = [self.scores[key][-1] - other.scores[key][-1] for key in both]
        return mean_of(deltas) if deltas else None


def outcomes(store: Store, runs: Iterable[str]) -> list[Outcome]:
    """What came of ``runs``, by strategy."""
    rows: dict[str, dict[str, tuple[float, ...]]] = {}
    for run in runs:
        config = RunConfig.checked(**store.run(run).config)
        place = Place.of(config.world, config.task, config.variation, config.world_options)
        scores = tuple(max(0.0, row.score) for row in store.trials(run))
        rows.setdefault(config.strategy, {})[place.key] = scores
    return [Outcome(strategy, scores) for strategy, scores in rows.items()]
