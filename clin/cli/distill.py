"""``clin distill``: a small model from experience. Needs the extra ``[distill]`` except for
collecting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clin.cli.options import Command, as_json

if TYPE_CHECKING:
    from clin.distill.evaluate import Figure, Outcome


@click.group()
def distill() -> None:
    """Make a small model from experience: collect, train, export, evaluate (docs/distill.md)."""


def _folder(name: str, help: str) -> Callable[[Command], Command]:
    return click.option(
        name, type=click.Path(path_type=Path, file_okay=False), required=True, help=help
    )


@distill.command()
@_folder("--out", "Folder of the shards and their index; what it holds already is kept.")
@click.option(
    "--worlds",
    default="scienceworld,causal,textworldexpress",
    show_default=True,
    help="Worlds, by commas.",
)
@click.option("--tasks", default="", help="Tasks, by commas.  [default: all of those worlds]")
@click.option(
    "--per-task",
    default=24,
    show_default=True,
    type=click.IntRange(1),
    help="Train places of each task at most.",
)
@click.option(
    "--imperfect",
    default=4,
    show_default=True,
    type=click.IntRange(0),
    help="Imperfect episodes of each place.",
)
@click.option(
    "--longest",
    default=200,
    show_default=True,
    type=click.IntRange(1),
    help="Steps of an expert path at most.",
)
@click.option(
    "--workers",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="Processes that play, each with its own simulators.",
)
@click.option(
    "--from",
    "stores",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Take the trials of a clin.db instead of playing.",
)
@click.option(
    "--paths",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Take recorded ScienceWorld paths (JSON lines, .xz) instead of playing.",
)
@click.option(
    "--astray",
    default="",
    help=(
        "A model that leads the searches of causal astray: bundled or PATH.gguf.  [default: chance]"
    ),
)
@click.option("--seed", default=0, show_default=True, type=int)
def collect(
    out: Path,
    worlds: str,
    tasks: str,
    per_task: int,
    imperfect: int,
    longest: int,
    workers: int,
    stores: tuple[Path, ...],
    paths: tuple[Path, ...],
    astray: str,
    seed: int,
) -> None:
    """Record expert and imperfect episodes on train places; held-out places are refused."""
    from clin.distill import collect as collecting
    from clin.distill.episodes import Shards
    from clin.distill.imported import from_paths, from_store
    from clin.distill.progress import Line

    if stores or paths:
        shards = Shards(out)
        for file in paths:
            click.echo(f"{file}: {from_paths(shards, file)}")
        for file in stores:
            click.echo(f"{file}: {from_store(shards, file)}")
    else:
        wanted = collecting.places(_words(worlds), per_task, seed, _words(tasks))
        with Line(len(wanted), "places") as line:
            shards = collecting.collect(
                out,
                wanted,
                imperfect=imperfect,
                seed=seed,
                longest=longest,
                workers=workers,
                astray=astray,
                tell=lambda done, of, place, steps: line.to(
                    done, f"{place.world} {place.task} {place.variation}", steps
                ),
            )
    rows = shards.rows.values()
    click.echo(
        f"{out}: {len(rows)} places, {sum(row['episodes'] for row in rows)} episodes, "
        f"{sum(row['steps'] for row in rows)} steps"
    )


@distill.command()
@click.option(
    "--data",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    help="A folder of `collect`; may be given several times.",
)
@_folder("--out", "Folder of the run: recipe, tokeniser, checkpoint, curves.")
@click.option("--preset", default="cpu", show_default=True, help="cpu, gpu or tiny.")
@click.option("--steps", type=click.IntRange(1), help="Updates.  [default: the preset's]")
@click.option(
    "--width",
    type=click.IntRange(32),
    help="Width of the model, a multiple of 32.  [default: the preset's]",
)
@click.option("--layers", type=click.IntRange(1), help="Layers.  [default: the preset's]")
@click.option(
    "--context", type=click.IntRange(128), help="Tokens of context.  [default: the preset's]"
)
@click.option(
    "--batch-tokens",
    type=click.IntRange(64),
    help="Tokens of a batch, padding included.  [default: the preset's]",
)
@click.option(
    "--without",
    default="",
    help="Kinds of samples to leave out, by commas: own, elimination ... (ablations).",
)
@click.option(
    "--shares",
    default="",
    help="Shares of the worlds, by commas: causal=0.3,scienceworld=0.7.  [default: the recipe's]",
)
@click.option(
    "--start-from",
    "start",
    help="Take over weights and tokeniser: a run's folder, bundled or PATH.gguf.",
)
@click.option(
    "--experts-only", is_flag=True, help="Leave the imperfect episodes out (an ablation)."
)
@click.option("--seed", default=0, show_default=True, type=int)
@click.option(
    "--stop-at",
    default=10**9,
    type=click.IntRange(1),
    help="Stop after this update, to go on later with --resume.",
)
@click.option(
    "--checkpoint-every",
    default=100,
    show_default=True,
    type=click.IntRange(1),
    help="Updates between checkpoints.",
)
@click.option(
    "--threads", default=1, show_default=True, type=click.IntRange(1), help="CPU threads."
)
@click.option(
    "--workers",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="Processes that prepare batches.",
)
@click.option(
    "--device", default="auto", show_default=True, type=click.Choice(("auto", "cpu", "cuda"))
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the run in --out, with the recipe that it began with.",
)
def train(
    data: tuple[Path, ...],
    out: Path,
    preset: str,
    stop_at: int,
    checkpoint_every: int,
    threads: int,
    workers: int,
    device: str,
    resume: bool,
    start: str | None,
    without: str,
    shares: str,
    **changes: Any,
) -> None:
    """Train a model on collected episodes, from nothing or on top of another; interrupted, it goes
    on with --resume."""
    from dataclasses import replace

    from clin.distill import needed

    torch = needed("torch")
    needed("tokenizers")
    from clin.distill import presets, training_device
    from clin.distill import start as starting
    from clin.distill import train as training
    from clin.distill.export import weights_hash
    from clin.distill.progress import Line

    torch.set_num_threads(threads)
    where = training_device(device)
    if resume:
        trainer, bank = training.resume(out, data, where)
    else:
        changes |= {"worlds": presets.world_shares(_words(shares))}
        begun = starting.start(start) if start else None
        wanted = (
            presets.warm(begun.recipe, weights_hash(begun.weights), **changes)
            if begun
            else presets.recipe(preset, **changes)
        )
        wanted = replace(wanted, shares=presets.without(wanted.shares, _words(without)))
        trainer, bank = training.begin(out, data, wanted, where, start=begun)
    click.echo(
        f"{trainer.model.size() / 1e6:.2f} M parameters, vocabulary {trainer.encode.size}, "
        f"{len(bank)} places, on {where}"
    )
    with Line(trainer.recipe.steps, "updates", start=trainer.step) as line:
        training.train(
            trainer,
            bank,
            until=stop_at,
            every=checkpoint_every,
            workers=workers,
            tell=lambda done, of, note, read: line.to(done, note, read),
        )
    click.echo(
        f"{out}: {trainer.step} of {trainer.recipe.steps} updates, {trainer.read} tokens read"
    )


@distill.command()
@_folder("--run", "Folder of a training run.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The GGUF file to write.",
)
@click.option("--type", "kind", default="f16", show_default=True, help="f16, q8_0 or f32.")
@click.option(
    "--name", default="clin-distilled", show_default=True, help="The model's name on its card."
)
def export(run: Path, out: Path, kind: str, name: str) -> None:
    """Write a GGUF file with its card inside, and hold it against torch: tokens and logits."""
    from clin.distill import needed

    for package in ("torch", "tokenizers", "gguf"):
        needed(package)
    from clin.distill import export as exporting

    found = exporting.trained(run)
    exporting.export(found, out, kind, name)
    checked = exporting.check(found, out)
    click.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB, after {found.step} updates; {checked}")
    if checked.unlike:
        raise RuntimeError("llama.cpp does not tokenise as training did")


@distill.command()
@click.option("--model", default="bundled", show_default=True, help="bundled or PATH.gguf.")
@click.option("--world", default="scienceworld", show_default=True)
@click.option(
    "--tasks",
    default="paper",
    show_default=True,
    help="Tasks by commas; paper: the paper's 18; short: four short ones; all.",
)
@click.option(
    "--split",
    default="dev",
    show_default=True,
    help="dev while a recipe is being made; test for one final run.",
)
@click.option(
    "--per-task",
    default=3,
    show_default=True,
    type=click.IntRange(1),
    help="Variations of each task.",
)
@click.option(
    "--strategies", default="none,clin,reflexion", show_default=True, help="Strategies, by commas."
)
@click.option("--trials", default=5, show_default=True, type=click.IntRange(1))
@click.option(
    "--budget", default=100, show_default=True, type=click.IntRange(1), help="Steps per trial."
)
@click.option("--lanes", default=1, show_default=True, type=click.IntRange(1, 256))
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1))
@click.option("--heed/--no-heed", default=None, help="As for `clin run`.")
@click.option("--go-back/--no-go-back", default=None, help="As for `clin run`.")
@click.option("--seed", default=0, show_default=True, type=int, help="Which variations are drawn.")
@click.option(
    "--db",
    default="distill.db",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Where the runs are kept; the same call goes on.",
)
@as_json
def evaluate(
    model: str,
    world: str,
    tasks: str,
    split: str,
    per_task: int,
    strategies: str,
    trials: int,
    budget: int,
    lanes: int,
    threads: int,
    heed: bool | None,
    go_back: bool | None,
    seed: int,
    db: Path,
    as_json: bool,
) -> None:
    """Play held-out places with the learner and print mean, n and a 95 % bootstrap interval."""
    from clin.distill import evaluate as evaluating
    from clin.distill.progress import Line
    from clin.llms.open import open_model
    from memory.store import Store
    from memory.strategies import open_strategy

    for each in _words(strategies):
        open_strategy(each)
    plan = evaluating.Plan(
        evaluating.places(world, _words(tasks), split, per_task, seed),
        _words(strategies),
        trials,
        budget,
        heed=heed,
        go_back=go_back,
    )
    llm = open_model(model, seed=0, threads=threads, lanes=lanes)
    try:
        with Store(db) as store:
            with Line(len(plan.places) * len(plan.strategies), "runs") as line:
                evaluating.evaluate(
                    store,
                    llm,
                    model,
                    plan,
                    lanes=lanes,
                    tell=lambda done, of, note: line.to(done, note, 1),
                )
            _told(
                evaluating.outcomes(store, llm.card.sha256, plan),
                f"{llm.card.name}, {world}, {tasks}, split {split}",
                trials,
                as_json,
            )
    finally:
        llm.close()


def _told(outcomes: Sequence[Outcome], title: str, trials: int, as_json: bool) -> None:
    from dataclasses import asdict

    from clin.cli.tables import dump, table

    first = outcomes[0] if outcomes else None
    if as_json:
        dump(
            [
                {
                    "what": title,
                    "strategy": each.strategy,
                    "trials": [asdict(each.trial(k)) for k in range(trials)],
                    "gain": asdict(each.gain()),
                    "scores": each.scores,
                }
                for each in outcomes
            ]
        )
        return
    click.echo(f"{title}: mean score and 95 % bootstrap interval, negative scores as 0")
    rows = []
    for each in outcomes:
        figures: list[tuple[str, Figure | None]] = [
            (f"trial {k}", each.trial(k)) for k in range(trials)
        ]
        figures.append(("last - first", each.gain()))
        if first and each is not first:
            figures.append((f"last - {first.strategy}'s last", each.over(first)))
        rows += [
            [
                each.strategy,
                what,
                found.n,
                f"{found.mean:.1f}",
                f"{found.low:.1f} to {found.high:.1f}",
            ]
            for what, found in figures
            if found
        ]
    table(("strategy", "", "n", "mean", "interval"), rows, right=("n", "mean"))


def _words(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]
