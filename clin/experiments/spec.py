"""An experiment: worlds x tasks x variations x strategies x settings x models x seeds, as one TOML
file.

What is already in the database is not played again, so a batch that was interrupted goes on when it
is started anew, and starting a finished one adds nothing.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from clin.config import RunConfig, Setting, one_line
from clin.defaults import chosen_go_back, chosen_read_elsewhere
from clin.errors import UserError, nearest
from clin.experiments.sequence import Lineage, Stream, lineages
from memory.strategies import open_strategy
from worlds import find_task, open_world, world_module

PRESETS = Path(__file__).parent / "presets"
SPLITS = ("train", "dev", "test")
SAMPLING = ("temperature", "top_k", "top_p", "min_p", "repeat_penalty")
LOADING = (
    "lanes",
    "deterministic",
    "gpu_layers",
    "ctx",
    "threads",
    "kv_type",
    "flash_attention",
    "kv_unified",
    *SAMPLING,
)


class Batch(BaseModel):
    """The fields of an experiment file; ``docs/experiments.md`` describes each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    worlds: tuple[str, ...] = Field(default=("scienceworld",), min_length=1)
    tasks: tuple[str, ...] = Field(default=(), description="none: all tasks of each world")
    variations: tuple[int, ...] = Field(
        default=(), description="none: the first `per_task` of `split`"
    )
    split: Literal["train", "dev", "test"] = "test"
    per_task: int = Field(default=3, ge=1)
    strategies: tuple[str, ...] = Field(min_length=1)
    settings: tuple[Setting, ...] = Field(default=("adapt",), min_length=1)
    models: tuple[str, ...] = Field(default=("bundled",), min_length=1)
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    trials: int = Field(default=5, ge=1)
    budget: int = Field(default=100, ge=1, description="steps per trial")
    test_steps: int = Field(
        default=0,
        ge=0,
        description="steps of a trial at most in which `evidence` tests a link; 0: none",
    )
    lanes: int = Field(default=1, ge=1, le=256)
    sources: int = Field(
        default=3,
        ge=1,
        le=10,
        description="earlier episodes that a meta-memory is made from (paper: at most 10)",
    )
    writer: Literal["", "model", "rules"] = Field(
        default="", description="empty: what each model can"
    )
    heed: bool | None = Field(
        default=None,
        description=(
            "whether what the memory says does not contribute is not offered; none: as "
            "the model needs"
        ),
    )
    go_back: bool | None = Field(
        default=None,
        description=(
            "whether a trial goes back to where the best earlier one came; none: as the "
            "strategy needs"
        ),
    )
    read_elsewhere: bool | None = Field(
        default=None,
        description=(
            "whether what other places taught is read before the place itself bears it "
            "out; none: as the model needs"
        ),
    )
    repeats: int | None = Field(
        default=None,
        ge=0,
        description=(
            "how often a trial may do one action in one situation; none: as the model needs"
        ),
    )
    temperature: float = Field(default=0.0, ge=0)
    top_k: int = Field(default=0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    min_p: float = Field(default=0.0, ge=0, le=1)
    repeat_penalty: float = Field(default=1.0, gt=0)
    deterministic: bool = False
    gpu_layers: int = Field(default=-1, description="-1: all, where the build can")
    ctx: int = Field(default=0, ge=0, description="tokens of a lane; 0: the model's, at most 8192")
    threads: int = Field(default=0, ge=0, description="0: half of the processors")
    kv_type: Literal["f16", "f32", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"] = "f16"
    flash_attention: bool | None = Field(
        default=None, description="none: on a GPU, and for a quantised cache"
    )
    kv_unified: bool = False
    world_options: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="options by world"
    )
    stream: Stream | None = Field(
        default=None,
        description="carry one memory through a sequence of the tasks, instead of `settings`",
    )
    quick: dict[str, Any] = Field(
        default_factory=dict, description="fields that --quick puts in place of those above"
    )

    @property
    def loading(self) -> dict[str, Any]:
        """The options with which a model is opened."""
        return {name: getattr(self, name) for name in LOADING}

    @field_validator("strategies")
    @classmethod
    def _strategies_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            open_strategy(name)
        return names

    @classmethod
    def read(cls, reference: str, *, quick: bool = False) -> Batch:
        """From a TOML file, or by the name of an experiment that ships with the package; UserError
        names the field."""
        path = Path(reference)
        if not path.suffix:
            shipped = sorted(each.stem for each in PRESETS.glob("*.toml"))
            if reference not in shipped:
                raise UserError(
                    f"no experiment '{reference}'{nearest(reference, shipped)} (shipped: "
                    f"{', '.join(shipped)}; or FILE.toml)"
                )
            path = PRESETS / f"{reference}.toml"
        try:
            fields = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UserError(f"no experiment file '{path}'") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise UserError(f"'{path}' cannot be read as TOML: {error}") from None
        if quick:
            smaller = fields.get("quick", {})
            if isinstance(smaller.get("stream"), dict):
                smaller = {**smaller, "stream": {**fields.get("stream", {}), **smaller["stream"]}}
            fields |= smaller
        return cls.checked(**fields)

    @classmethod
    def checked(cls, **fields: Any) -> Batch:
        """Build and validate; UserError names the first field that is wrong."""
        try:
            return cls(**fields)
        except ValidationError as error:
            raise UserError(one_line(error, list(cls.model_fields))) from None


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

    def __str__(self) -> str:
        return (
            f"{self.world}/{self.task} {self.variation}, {self.strategy}, {self.setting}, "
            f"{self.model}, seed {self.seed}"
        )

    def source_cells(self) -> list[Cell]:
        """The ADAPT runs that come first."""
        return [
            Cell(self.world, task, variation, self.strategy, "adapt", self.model, self.seed)
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
    wide = batch.model_copy(
        update={"per_task": batch.per_task * batch.stream.rounds + batch.stream.evaluated}
    )
    for world, task, variation in _places(wide):
        by_task.setdefault(world, {}).setdefault(task, []).append(variation)
    return [
        Line(lineage, strategy, model, seed)
        for world, variations in by_task.items()
        for lineage in lineages(batch.stream, world, variations, batch.per_task)
        for strategy, model, seed in itertools.product(batch.strategies, batch.models, batch.seeds)
    ]


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
    the one after this first: in the same variation where the world has one place for all tasks
    (causal), else in the first of their train split."""
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
    shared = world == "causal"
    return tuple(
        (each.name, variation if shared else next(iter(each.splits.get("train", (0,))), 0))
        for each in others
    )


def config_of(
    batch: Batch, cell: Cell, model_fields: dict[str, Any], writer: str, versions: dict[str, str]
) -> RunConfig:
    """The run's configuration, which also decides whether the database has it already."""
    return RunConfig.checked(
        world=cell.world,
        task=cell.task,
        variation=cell.variation,
        world_options=batch.world_options.get(cell.world, {}),
        setting=cell.setting,
        strategy=cell.strategy,
        writer=writer,
        trials=batch.trials,
        budget=batch.budget,
        seed=cell.seed,
        test_steps=batch.test_steps
        if getattr(open_strategy(cell.strategy), "counts", False)
        else 0,
        go_back=chosen_go_back(batch.go_back, cell.strategy),
        read_elsewhere=cell.setting == "adapt"
        or chosen_read_elsewhere(batch.read_elsewhere, model_fields["model"], cell.strategy),
        versions=versions,
        start=" ".join(f"{task}:{variation}" for task, variation in cell.sources),
        **model_fields,
    )


def config_in_stream(
    batch: Batch,
    line: Line,
    block: str,
    place: tuple[str, int],
    learning: bool,
    model_fields: dict[str, Any],
    writer: str,
    versions: dict[str, str],
) -> RunConfig:
    """As :func:`config_of`, for one place of a block of a sequence."""
    cell = Cell(line.lineage.world, *place, line.strategy, "adapt", line.model, line.seed)
    whole = config_of(batch, cell, model_fields, writer, versions)
    return whole.model_copy(
        update={
            "stream": block,
            "read_only_memory": not learning,
            "trials": batch.trials if learning else 1,
            "read_elsewhere": chosen_read_elsewhere(
                batch.read_elsewhere, model_fields["model"], line.strategy
            ),
        }
    )
