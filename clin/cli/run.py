"""``clin run`` and what it shares with ``clin resume``."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import click

from clin.cli.options import as_json, database
from clin.errors import UserError

DEFAULT_TASK = "lifespan-shortest-lived"
DEFAULT_VARIATION = 94


@click.command()
@click.option("--world", default="scienceworld", show_default=True, help="A world; `clin worlds` lists them.")
@click.option("--task", default=None, help="A task by name or id; `clin worlds WORLD` lists them.")
@click.option("--variation", type=int, default=None, help="The task's variation; by default the first of the test split.")
@click.option("--simplifications", default=None, help="ScienceWorld's presets or single ones, by commas.  [default: easy]")
@click.option("--trials", default=5, show_default=True, type=click.IntRange(1), help="Trials of one episode.")
@click.option("--budget", default=100, show_default=True, type=click.IntRange(1), help="Steps per trial at most.")
@click.option("--model", default="bundled", show_default=True, help="bundled, PATH.gguf or hf:ORG/REPO:FILE.")
@click.option("--gpu-layers", default=-1, show_default=True, help="Layers to offload; -1 is all, where the build can.")
@click.option("--ctx", default=0, type=click.IntRange(0), help="Context size in tokens; 0 is the model's own.")
@click.option("--threads", default=0, type=click.IntRange(0), help="CPU threads; 0 is one per core.")
@click.option("--strategy", default="clin", show_default=True, help="How the memory is kept: clin, none.")
@click.option("--writer", default=None, help="Who writes the memory: model or rules.  [default: what the model can]")
@click.option("--seed", default=0, show_default=True, type=int, help="Seed of world and sampling.")
@click.option("--verbose", "-v", is_flag=True, help="Print every step once it is stored.")
@database
@as_json
def run(
    world: str, task: str | None, variation: int | None, simplifications: str | None, trials: int, budget: int,
    model: str, gpu_layers: int, ctx: int, threads: int, strategy: str, writer: str | None, seed: int, verbose: bool,
    db: Path, as_json: bool,
) -> None:
    """Play a task several times with a frozen model and learn between the trials."""
    from clin.experiment import ModelInfo, RunConfig, versions
    from clin.llms.open import open_model
    from clin.start import chosen_writer
    from memory.store import Store
    from memory.strategies import open_strategy

    task, variation = _place(world, task, variation)
    options = {"simplifications": simplifications} if simplifications is not None else {}
    open_strategy(strategy)
    with Store(db) as store:
        model_options = {"gpu_layers": gpu_layers, "ctx": ctx, "threads": threads}
        llm = open_model(model, seed=seed, **model_options)
        try:
            config = RunConfig.checked(
                world=world, task=task, variation=variation, world_options=options, strategy=strategy,
                writer=chosen_writer(writer, llm.card), trials=trials, budget=budget, seed=seed,
                model=ModelInfo.of(model, llm.card, model_options), versions=versions(),
            )
            follow(store, llm, config, None, as_json=as_json, verbose=verbose)
        finally:
            llm.close()


def _place(world: str, task: str | None, variation: int | None) -> tuple[str, int]:
    """The task and variation asked for, checked before anything heavy is loaded."""
    from worlds import WorldError, find_task, world_module

    if task is None:
        if world != "scienceworld":
            names = ", ".join(each.name for each in world_module(world).tasks()[:8])
            raise UserError(f"which task of {world}? Give --task (such as {names})")
        task = DEFAULT_TASK
        variation = DEFAULT_VARIATION if variation is None else variation
    found = find_task(world, task)
    if variation is None:
        variation = next(iter(found.splits.get("test", ())), 0)
    if not 0 <= variation < found.variations:
        raise WorldError(f"{world} task '{found.name}' has variations 0 to {found.variations - 1}, not {variation}")
    return found.name, variation


def follow(store, llm, config, name: str | None, *, as_json: bool, verbose: bool) -> None:
    """Drive one run to its end, showing how it goes; leaves with exit code 130 when it was interrupted."""
    from clin.cli.progress import Progress
    from clin.cli.tables import summary
    from clin.document import document
    from clin.drive import drive
    from clin.learn import Learner

    with Interrupt() as interrupt, Progress(config, quiet=as_json, verbose=verbose) as progress:
        learner = Learner(store, config, llm.card, llm.count, name, progress)
        finished = drive([learner.adapt()], llm, stop=interrupt.asked)
    if not finished:
        where = f"`clin resume {learner.run} --db {store.path}` goes on from there" if learner.run else "nothing was begun"
        click.echo(f"Interrupted; every step shown is stored, and {where}.", err=True)
        raise SystemExit(130)
    if as_json:
        click.echo(json.dumps(document(store, learner.run), indent=2, ensure_ascii=False))
    else:
        summary(store, learner.run)


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
