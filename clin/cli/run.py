"""``clin run``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from clin.cli.fields import field, group
from clin.cli.follow import Shown, follow, verbose
from clin.cli.options import (
    GroupedCommand,
    as_json,
    database,
    gathered,
    numbers,
    option,
    world_options,
)
from clin.cli.terminal import echo
from clin.config import RunConfig
from clin.errors import UserError
from clin.options import Engine, Exploration, Length, Prompting, Sampling

if TYPE_CHECKING:
    from clin.llms import LLM


@dataclass(frozen=True)
class Place:
    """What is played: as it was asked for."""

    world: str
    task: str | None
    variation: str | None
    world_options: dict[str, int | str]
    simplifications: str | None
    seed: int

    @property
    def options(self) -> dict[str, int | str]:
        """The options of the world."""
        if self.simplifications is None:
            return self.world_options
        return {**self.world_options, "simplifications": self.simplifications}


@dataclass(frozen=True)
class Kept:
    """How the memory is kept, and where it comes from."""

    strategy: str
    writer: str | None
    start: str
    read_only_memory: bool


@dataclass(frozen=True)
class Named:
    """The model, and the models of single roles."""

    model: str
    role_model: tuple[str, ...]


PLACE = gathered(
    "place",
    Place,
    field(RunConfig, "world", group="Run"),
    option("--task", group="Run", help="A task by name or id; `clin worlds WORLD` lists them."),
    option(
        "--variation",
        group="Run",
        help="Variations: 7, 3,5 or 0-9, a run each.  [default: the first of the test split]",
    ),
    world_options,
    option(
        "--simplifications", group="Run", hidden=True, help="As --world-option simplifications=…"
    ),
    field(RunConfig, "seed", group="Run"),
)
KEPT = gathered(
    "kept",
    Kept,
    field(RunConfig, "strategy", group="Memory"),
    field(RunConfig, "writer", group="Memory", default=None),
    field(RunConfig, "start", group="Memory"),
    field(RunConfig, "read_only_memory", group="Memory"),
)
NAMED = gathered(
    "named",
    Named,
    option(
        "--model",
        group="Model",
        default="bundled",
        show_default=True,
        help="bundled, smollm2, PATH.gguf, pkg:MODULE, hf:ORG/REPO:FILE, openai:MODEL@URL or "
        "scripted:FILE.",
    ),
    option(
        "--role-model",
        group="Model",
        multiple=True,
        help="A model for one role: writer=MODEL or actor=MODEL; may be given twice.",
    ),
)
SHOWN = gathered(
    "shown",
    Shown,
    verbose,
    option(
        "--watch",
        group="Output",
        is_flag=True,
        help="Start it in `clin watch`, as a process of its own.",
    ),
    database,
    as_json,
)


@click.command(cls=GroupedCommand)
@PLACE
@group("length", Length)
@KEPT
@group("exploration", Exploration)
@NAMED
@group("prompting", Prompting)
@group("engine", Engine)
@group("sampling", Sampling)
@SHOWN
def run(
    place: Place,
    length: Length,
    kept: Kept,
    exploration: Exploration,
    named: Named,
    prompting: Prompting,
    engine: Engine,
    sampling: Sampling,
    shown: Shown,
) -> None:
    """Play a task several times with a frozen model and learn between the trials."""
    from clin.defaults import chosen_world_options
    from clin.language import words_of_run
    from clin.llms.addresses import allowed_hosts
    from clin.llms.roles import parse_roles
    from clin.models import open_models
    from memory.exchange import taken_from
    from memory.store import Store
    from memory.strategies import traits_of

    task, variations = _places(place)
    roles = parse_roles(named.role_model)
    traits_of(kept.strategy)  # an unknown strategy is told before a model is loaded
    if shown.watch:
        _watched(shown)
        return
    engine = engine.but(lanes=min(engine.lanes, len(variations)))
    with Store(shown.db) as store:
        taken = taken_from(store, kept.start, words_of_run) if kept.start else None
        llm = open_models(
            named.model,
            engine,
            sampling,
            seed=place.seed,
            roles=roles,
            think=prompting.think,
            guided=prompting.guided,
            allowed=allowed_hosts(typed=[named.model, *roles.values()]),
            tell=partial(echo, err=True),
        )
        try:
            first = RunConfig.checked(
                world=place.world,
                task=task,
                variation=variations[0],
                world_options=chosen_world_options(place.world, place.options, llm.card),
                seed=place.seed,
                engine=engine,
                sampling=sampling,
                **_with_models(llm, kept, length, exploration, prompting, named, roles),
            )
            runs = [(first.but(variation=each), None) for each in variations]
            follow(store, llm, runs, shown, taken=taken)
        finally:
            llm.close()


def _with_models(
    llm: LLM,
    kept: Kept,
    length: Length,
    exploration: Exploration,
    prompting: Prompting,
    named: Named,
    roles: dict[str, str],
) -> dict[str, Any]:
    """The fields of a configuration that say how long which models play, and what follows from
    both."""
    from clin.config import versions
    from clin.defaults import chosen_exploration, chosen_prompting, chosen_writer
    from clin.llms.roles import card_of
    from clin.models import on_record

    model, role_models = on_record(llm, named.model, roles)
    prompting = chosen_prompting(prompting, llm.card)
    chapter = length.chapter
    return {
        **dict(length),
        "strategy": kept.strategy,
        "writer": chosen_writer(kept.writer, card_of(llm, "revise"), kept.strategy),
        "start": kept.start,
        "read_only_memory": kept.read_only_memory,
        "exploration": chosen_exploration(exploration, llm.card, kept.strategy, prompting, chapter),
        "prompting": prompting,
        "model": model,
        "role_models": role_models,
        "versions": versions(),
    }


def _watched(shown: Shown) -> None:
    """Leave the run to `clin watch`, which starts it with the same words."""
    from clin.cli.watch import show
    from memory.store import Store

    if shown.as_json:
        raise UserError("--watch shows the run and --json prints it; give one of them")
    with Store(shown.db):  # what is wrong with the file is said before the screen is taken
        pass
    show(shown.db, [word for word in sys.argv[1:] if word != "--watch"])


def _places(asked: Place) -> tuple[str, list[int]]:
    """The task and variations asked for, checked before anything heavy is loaded."""
    from worlds import WorldError, find_task, first_place, world_module

    task, variation = asked.task, asked.variation
    if task is None:
        first = first_place(asked.world)
        if first is None:
            names = ", ".join(each.name for each in world_module(asked.world).tasks()[:8])
            raise UserError(f"which task of {asked.world}? Give --task (such as {names})")
        task = first[0]
        variation = str(first[1]) if variation is None else variation
    found = find_task(asked.world, task)
    if variation is None:
        wanted = [next(iter(found.splits.get("test", ())), 0)]
    else:
        wanted = numbers(variation)
    for each in wanted:
        if each >= found.variations:
            raise WorldError(
                f"{asked.world} task '{found.name}' has variations 0 to {found.variations - 1}, "
                f"not {each}"
            )
    return found.name, wanted
