"""``clin run`` and what it shares with ``clin resume``."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from clin.cli.options import as_json, database, model_options, world_options
from clin.errors import UserError

if TYPE_CHECKING:
    from clin.config import RunConfig
    from clin.learner import Learner
    from clin.llms import LLM
    from memory.store import Store
    from memory.trials import Memory

DEFAULT_TASK = "lifespan-shortest-lived"
DEFAULT_VARIATION = 98


@click.command()
@click.option(
    "--world", default="scienceworld", show_default=True, help="A world; `clin worlds` lists them."
)
@click.option("--task", default=None, help="A task by name or id; `clin worlds WORLD` lists them.")
@click.option(
    "--variation",
    default=None,
    help="Variations: 7, 3,5 or 0-9, a run each.  [default: the first of the test split]",
)
@click.option(
    "--simplifications",
    default=None,
    help="ScienceWorld's presets or single ones, by commas.  [default: easy]",
)
@world_options
@click.option(
    "--trials", default=5, show_default=True, type=click.IntRange(1), help="Trials of one episode."
)
@click.option(
    "--budget",
    default=100,
    show_default=True,
    type=click.IntRange(1),
    help="Steps per trial at most.",
)
@click.option(
    "--strategy",
    default="evidence",
    show_default=True,
    help=(
        "How the memory is kept: evidence, clin (as in the paper), reflexion, episodic; none "
        "and saycan keep none."
    ),
)
@click.option(
    "--writer",
    default=None,
    help=(
        "Who writes the memory: model or rules.  [default: rules for models that do not think, "
        "else model]"
    ),
)
@click.option(
    "--from",
    "start",
    default=None,
    help="Start from a memory: RUN, RUN:TRIAL, FILE.md or FILE.jsonl.",
)
@click.option(
    "--read-only-memory", is_flag=True, help="Frozen evaluation: play, and rewrite nothing."
)
@click.option(
    "--test-steps",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="Steps of a trial at most in which `evidence` tests a link; 0: none.",
)
@click.option(
    "--repeats",
    default=None,
    type=click.IntRange(0),
    help=(
        "How often a trial may do one action in one situation; 0: no bound.  [default: 2 for "
        "models that do not think, else 0]"
    ),
)
@click.option(
    "--heed/--no-heed",
    default=None,
    help=(
        "Do not offer actions of which the memory says that they DO NOT contribute.  [default: "
        "for models that do not think]"
    ),
)
@click.option(
    "--go-back/--no-go-back",
    default=None,
    help=(
        "Go back to where the best earlier trial came, and go on from there.  [default: for "
        "`evidence`]"
    ),
)
@click.option("--seed", default=0, show_default=True, type=int, help="Seed of world and sampling.")
@click.option("--verbose", "-v", is_flag=True, help="Print every step once it is stored.")
@click.option("--watch", is_flag=True, help="Start it in `clin watch`, as a process of its own.")
@model_options
@database
@as_json
def run(
    world: str,
    task: str | None,
    variation: str | None,
    simplifications: str | None,
    world_options: dict[str, int | str],
    trials: int,
    budget: int,
    strategy: str,
    writer: str | None,
    start: str | None,
    read_only_memory: bool,
    test_steps: int,
    repeats: int | None,
    heed: bool | None,
    go_back: bool | None,
    seed: int,
    verbose: bool,
    watch: bool,
    model: str,
    role_model: tuple[str, ...],
    options: dict[str, Any],
    db: Path,
    as_json: bool,
) -> None:
    """Play a task several times with a frozen model and learn between the trials."""
    from clin.config import RunConfig, versions
    from clin.defaults import (
        chosen_go_back,
        chosen_heed,
        chosen_repeats,
        chosen_writer,
        model_fields,
        open_models,
    )
    from clin.llms.roles import card_of, parse_roles
    from memory.exchange import from_reference
    from memory.store import Store
    from memory.strategies import open_strategy

    task, variations = _places(world, task, variation)
    roles = parse_roles(role_model)
    if test_steps and not getattr(open_strategy(strategy), "counts", False):
        raise UserError(
            "--test-steps needs a strategy that counts what a test shows (evidence), and "
            f"'{strategy}' does not"
        )
    open_strategy(strategy)
    if watch:
        _watched(db, as_json)
        return
    options["lanes"] = min(options["lanes"], len(variations))
    with Store(db) as store:
        initial = from_reference(store, start) if start else None
        llm = open_models(model, roles, options, seed)
        try:
            fields = model_fields(llm, model, roles, options)
            configs = [
                RunConfig.checked(
                    world=world,
                    task=task,
                    variation=each,
                    strategy=strategy,
                    trials=trials,
                    budget=budget,
                    seed=seed,
                    world_options=world_options
                    if simplifications is None
                    else {**world_options, "simplifications": simplifications},
                    writer=chosen_writer(writer, card_of(llm, "revise")),
                    start=start or "",
                    read_only_memory=read_only_memory,
                    test_steps=test_steps,
                    repeats=chosen_repeats(repeats, llm.card),
                    heed=chosen_heed(heed, llm.card),
                    go_back=chosen_go_back(go_back, strategy),
                    versions=versions(),
                    **fields,
                )
                for each in variations
            ]
            follow(
                store,
                llm,
                [(each, None) for each in configs],
                initial=initial,
                as_json=as_json,
                verbose=verbose,
            )
        finally:
            llm.close()


def _watched(db: Path, as_json: bool) -> None:
    """Leave the run to `clin watch`, which starts it with the same words."""
    from clin.cli.watch import show
    from memory.store import Store

    if as_json:
        raise UserError("--watch shows the run and --json prints it; give one of them")
    with Store(db):  # the file is made, or what is wrong with it said, before the screen is taken
        pass
    show(db, [word for word in sys.argv[1:] if word != "--watch"])


def _places(world: str, task: str | None, variation: str | None) -> tuple[str, list[int]]:
    """The task and variations asked for, checked before anything heavy is loaded."""
    from clin.cli.options import numbers
    from worlds import WorldError, find_task, world_module

    if task is None:
        if world != "scienceworld":
            names = ", ".join(each.name for each in world_module(world).tasks()[:8])
            raise UserError(f"which task of {world}? Give --task (such as {names})")
        task = DEFAULT_TASK
        variation = str(DEFAULT_VARIATION) if variation is None else variation
    found = find_task(world, task)
    wanted = (
        numbers(variation)
        if variation is not None
        else [next(iter(found.splits.get("test", ())), 0)]
    )
    for each in wanted:
        if each >= found.variations:
            raise WorldError(
                f"{world} task '{found.name}' has variations 0 to {found.variations - 1}, not "
                f"{each}"
            )
    return found.name, wanted


def follow(
    store: Store,
    llm: LLM,
    runs: Sequence[tuple[RunConfig, str | None]],
    *,
    initial: Memory | None = None,
    as_json: bool,
    verbose: bool,
) -> None:
    """Drive runs (configuration, and name if it is in the store) to their end, showing how they go;
    leaves with exit code 130 when it was interrupted."""
    from clin.cli.progress import Progress
    from clin.learner import Learner
    from clin.llms.roles import card_of
    from clin.rollout.scheduler import drive

    with Interrupt() as interrupt, Progress(quiet=as_json, verbose=verbose) as progress:
        learners = [
            Learner(
                store,
                config,
                llm.card,
                llm.count,
                name,
                progress,
                initial,
                card_of(llm, "revise"),
                interrupt.asked,
            )
            for config, name in runs
        ]
        lanes = int(runs[0][0].model.options.get("lanes", 1))
        finished = drive(
            [learner.adapt() for learner in learners], llm, lanes=lanes, stop=interrupt.asked
        )
    begun = [
        learner.run
        for learner in learners
        if learner.run and store.run(learner.run).state in ("running", "stopped")
    ]
    if not finished or begun:
        how = " and ".join(f"`clin resume {name} --db {store.path}`" for name in begun)
        click.echo(
            "Interrupted; every step shown is stored"
            + (f", and {how} goes on from there." if how else "."),
            err=True,
        )
        raise SystemExit(130)
    _tell(store, learners, as_json)


def _tell(store: Store, learners: Sequence[Learner], as_json: bool) -> None:
    from clin.analysis.document import document
    from clin.cli.tables import summary

    names = [learner.run for learner in learners if learner.run]
    if as_json:
        found = [document(store, name) for name in names]
        click.echo(json.dumps(found[0] if len(found) == 1 else found, indent=2, ensure_ascii=False))
    else:
        for name in names:
            summary(store, name)


class Interrupt:
    """Ctrl-C once: end after the current step. Twice: at once."""

    def __init__(self) -> None:
        self._asked = False
        self._before: Callable[[int, FrameType | None], object] | int | None = None

    def asked(self) -> bool:
        return self._asked

    def __enter__(self) -> Interrupt:
        self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _ask(self, signum: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        click.echo("Ending after this step (Ctrl-C again: at once).", err=True)
