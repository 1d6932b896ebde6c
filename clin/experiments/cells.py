"""The runs that an experiment consists of: cells (one run each) and lines (sequences of runs), and
the configuration of each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clin.config import ModelInfo, RunConfig, Setting
from clin.defaults import (
    chosen_exploration,
    chosen_prompting,
    chosen_world_options,
    chosen_writer,
    reads_unconfirmed,
)
from clin.errors import UserError
from clin.experiments.sequence import Block, Lineage, Stream, lineages
from clin.experiments.spec import Batch
from clin.llms import ModelCard
from memory.spelling import did_you_mean
from worlds import find_task, open_world, shares_places, world_module


@dataclass(frozen=True)
class Cell:
    """One run to be: its place and how it learns. ``sources`` are the places of the episodes that
    it starts from."""

    world: str
    task: str
    variation: int
    strategy: str
    setting: Setting
    model: str
    seed: int
    sources: tuple[tuple[str, int], ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    """Options of the world at this place alone, on top of the batch's."""

    def __str__(self) -> str:
        return (
            f"{self.world}/{self.task} {self.variation}, {self.strategy}, {self.setting}, "
            f"{self.model}, seed {self.seed}"
        )

    def source_cells(self) -> list[Cell]:
        """The ADAPT runs that come first."""
        return [
            replace(self, task=task, variation=variation, setting="adapt", sources=())
            for task, variation in self.sources
        ]


@dataclass(frozen=True)
class Line:
    """A sequence to be: one memory through ``lineage``."""

    lineage: Lineage
    strategy: str
    model: str
    seed: int

    def __str__(self) -> str:
        return (
            f"{self.lineage.world} sequence {self.lineage.order}, {self.strategy}, "
            f"{self.model}, seed {self.seed}"
        )

    @property
    def runs(self) -> int:
        """How many runs it is made of."""
        return sum(len(block.places) for block in self.lineage.blocks)

    def trials(self, trials: int) -> int:
        """How many trials, at ``trials`` per place that is learned; an evaluated one is played
        once."""
        return sum(
            len(block.places) * (trials if block.learning else 1) for block in self.lineage.blocks
        )


def lines(batch: Batch) -> list[Line]:
    """Every sequence of ``batch``; none where it has no stream. Errors as for :func:`cells`."""
    if batch.stream is None:
        return []
    by_task: dict[str, dict[str, list[int]]] = {}
    wide = batch.model_copy(update={"per_task": batch.stream.variations(batch.per_task)})
    for world, task, variation in _places(wide):
        by_task.setdefault(world, {}).setdefault(task, []).append(variation)
    for world, variations in by_task.items():
        _check_targets(batch.stream, world, variations)
    return [
        Line(lineage, strategy, model, seed)
        for world, variations in by_task.items()
        for lineage in lineages(batch.stream, world, variations, batch.per_task)
        for strategy, model, seed in itertools.product(batch.strategies, batch.models, batch.seeds)
    ]


def _check_targets(stream: Stream, world: str, variations: Mapping[str, Sequence[int]]) -> None:
    """UserError for a target that is no task of the experiment, and where a task has too few
    variations for the streams."""
    for task in stream.targets:
        if task not in variations:
            raise UserError(
                f"stream.targets: '{task}' is none of the tasks in {world}"
                f"{did_you_mean(task, list(variations))} (tasks: {', '.join(variations)})"
            )
    if not stream.targets:
        return
    needed = stream.variations(0)
    for task, numbers in variations.items():
        if len(numbers) < needed:
            raise UserError(
                f"{stream.orders} orders with targets and {stream.evaluated} held out need "
                f"{needed} variations of each task; {world} task '{task}' has {len(numbers)}"
            )


def cells(batch: Batch) -> list[Cell]:
    """Every run of ``batch`` but the sources; none where it has a stream. UserError or WorldError
    names what does not exist."""
    if batch.stream is not None:
        return []
    found = [
        Cell(
            world,
            task,
            variation,
            strategy,
            setting,
            model,
            seed,
            _sources(batch, world, task, variation, setting),
        )
        for world, task, variation in _places(batch)
        for strategy, setting, model, seed in itertools.product(
            batch.strategies, batch.settings, batch.models, batch.seeds
        )
    ]
    if not found:
        raise UserError("this experiment has no runs: no task has a variation in it")
    return found


def _places(batch: Batch) -> Iterator[tuple[str, str, int]]:
    known: set[str] = set()
    for world in batch.worlds:
        names = [task.name for task in world_module(world).tasks()]
        for asked in batch.tasks or names:
            if batch.tasks and len(batch.worlds) > 1 and not _has(world, asked):
                continue  # with several worlds, a task may belong to one of them
            task = find_task(world, asked)
            known.add(asked)
            wanted = batch.variations or tuple(task.splits.get(batch.split, ()))[: batch.per_task]
            for variation in wanted:
                if not 0 <= variation < task.variations:
                    raise UserError(
                        f"variations: {world} task '{task.name}' has 0 to {task.variations - 1}, "
                        f"not {variation}"
                    )
                yield world, task.name, variation
        mine = [asked for asked in batch.tasks or names if _has(world, asked)]
        if (
            world in batch.world_options and mine
        ):  # a wrong option is told before anything is played
            open_world(
                world, find_task(world, mine[0]).name, 0, **batch.world_options[world]
            ).close()
    for asked in batch.tasks:
        if asked not in known:
            raise UserError(f"tasks: none of {', '.join(batch.worlds)} has a task '{asked}'")


def _has(world: str, asked: str) -> bool:
    return any(asked == task.name or asked in task.aliases for task in world_module(world).tasks())


def _sources(
    batch: Batch, world: str, task: str, variation: int, setting: Setting
) -> tuple[tuple[str, int], ...]:
    """GEN-ENV: the first variations of the task's train split. GEN-TASK: other tasks of the world,
    the one after this first: in the same variation where that is one place for all tasks, else in
    the first of their train split."""
    if setting == "adapt":
        return ()
    if setting == "gen-env":
        train = find_task(world, task).splits.get("train", ())
        return tuple(
            (task, each) for each in [each for each in train if each != variation][: batch.sources]
        )
    tasks = list(world_module(world).tasks())
    place = [each.name for each in tasks].index(task)
    others = [*tasks[place + 1 :], *tasks[:place]][: batch.sources]
    shared = shares_places(world)
    return tuple(
        (each.name, variation if shared else next(iter(each.splits.get("train", (0,))), 0))
        for each in others
    )


@dataclass(frozen=True)
class Played:
    """With what the runs of a batch are played: the ``model``, the card of the one that may
    write, and the ``versions`` of the packages."""

    model: ModelInfo
    writer: ModelCard
    versions: dict[str, str]


def config_of(batch: Batch, cell: Cell, played: Played) -> RunConfig:
    """The run's configuration, which also decides whether the database has it already."""
    unconfirmed = reads_unconfirmed(batch.read_unconfirmed, played.model, cell.strategy)
    options = {**batch.world_options.get(cell.world, {}), **dict(cell.options)}
    prompting = chosen_prompting(batch.prompting, played.model)
    return RunConfig.checked(
        world=cell.world,
        task=cell.task,
        variation=cell.variation,
        world_options=chosen_world_options(cell.world, options, played.model),
        setting=cell.setting,
        strategy=cell.strategy,
        writer=chosen_writer(batch.writer, played.writer, cell.strategy),
        trials=batch.trials,
        budget=batch.budget,
        chapter=batch.chapter,
        seed=cell.seed,
        read_unconfirmed=cell.setting == "adapt" or unconfirmed,
        exploration=chosen_exploration(
            batch.exploration, played.model, cell.strategy, prompting, batch.chapter
        ),
        engine=batch.engine,
        sampling=batch.sampling,
        prompting=prompting,
        model=played.model,
        versions=played.versions,
        start=" ".join(f"{task}:{variation}" for task, variation in cell.sources),
    )


def configs_of(batch: Batch, planned: Cell | Line, played: Played) -> Iterator[RunConfig]:
    """The configurations of the runs that a cell or a sequence consists of."""
    if isinstance(planned, Cell):
        yield config_of(batch, planned, played)
        return
    for block in planned.lineage.blocks:
        for place in block.places:
            yield config_in_stream(batch, planned, block, place, played)


def config_in_stream(
    batch: Batch, line: Line, block: Block, place: tuple[str, int], played: Played
) -> RunConfig:
    """As :func:`config_of`, for one ``place`` of a ``block`` of a sequence."""
    cell = Cell(
        line.lineage.world,
        *place,
        line.strategy,
        "adapt",
        line.model,
        line.seed,
        options=block.options,
    )
    return config_of(batch, cell, played).but(
        stream=block.name,
        read_only_memory=not block.learning,
        trials=batch.trials if block.learning else 1,
        read_unconfirmed=reads_unconfirmed(batch.read_unconfirmed, played.model, line.strategy),
    )
