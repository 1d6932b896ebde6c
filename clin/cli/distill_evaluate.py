"""``clin distill evaluate``: how a model does on held-out places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clin.cli.fields import group
from clin.cli.options import GroupedCommand, as_json, gathered, number, option, words
from clin.cli.terminal import echo
from clin.options import Engine, Exploration, Length

if TYPE_CHECKING:
    from clin.distill.evaluate import Outcome


@dataclass(frozen=True)
class Drawn:
    """Which places are played."""

    world: str
    tasks: list[str]
    split: str
    per_task: int
    seed: int


@click.command(cls=GroupedCommand)
@option(
    "--model",
    group="Model",
    default="bundled",
    show_default=True,
    help="bundled or PATH.gguf.",
)
@gathered(
    "drawn",
    Drawn,
    option("--world", group="Places", default="scienceworld", show_default=True),
    words(
        "--tasks",
        "Places",
        "paper",
        "Tasks by commas; paper: the paper's 18; short: four short ones; all.",
    ),
    option(
        "--split",
        group="Places",
        default="dev",
        show_default=True,
        help="dev while a recipe is being made; test for one final run.",
    ),
    number("--per-task", "Places", 3, 1, "Variations of each task."),
    option(
        "--seed",
        group="Places",
        default=0,
        show_default=True,
        type=int,
        help="Which variations are drawn.",
    ),
)
@words("--strategies", "Run", "none,clin,reflexion", "Strategies, by commas.")
@group("length", Length)
@group("exploration", Exploration)
@group("engine", Engine, only=("lanes", "threads"), threads=1)
@option(
    "--db",
    group="Output",
    default="distill.db",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Where the runs are kept; the same call goes on.",
)
@as_json
def evaluate(
    model: str,
    drawn: Drawn,
    strategies: list[str],
    length: Length,
    exploration: Exploration,
    engine: Engine,
    db: Path,
    as_json: bool,
) -> None:
    """Play held-out places and print n, mean score and a 95 % bootstrap interval."""
    from clin.distill import evaluate as evaluating
    from clin.distill.progress import Line
    from clin.experiments.kept import OneModel
    from clin.experiments.runner import Batching, opened
    from clin.experiments.spec import Batch
    from clin.llms.addresses import allowed_hosts
    from memory.store import Store
    from memory.strategies import traits_of

    for each in strategies:
        traits_of(each)
    places = evaluating.places(drawn.world, drawn.tasks, drawn.split, drawn.per_task, drawn.seed)
    batch = Batch.checked(
        worlds=[drawn.world],
        strategies=strategies,
        models=[model],
        exploration=exploration,
        engine=engine,
        **dict(length),
    )
    cells = evaluating.cells(batch, places)
    typed = allowed_hosts(typed=[model])
    kept = OneModel()
    try:
        card = opened(batch, model, 0, kept, typed).card
        with Store(db) as store, Line(len(cells), "runs") as line:
            watcher = evaluating.Counted(lambda done, note: line.to(done, note, 1))
            batching = Batching(store, batch, watcher, lambda: False, kept)
            outcome = batching.play(cells)
            found = evaluating.outcomes(store, [*outcome.there, *outcome.played])
    finally:
        kept.close()
    tasks = ",".join(drawn.tasks)
    title = f"{card.name}, {drawn.world}, {tasks}, split {drawn.split}"
    _tell(sorted(found, key=lambda each: strategies.index(each.strategy)), title, as_json)
    for cell, reason in outcome.failed:
        echo(f"Failed: {cell}: {reason}", err=True)
    if outcome.failed:
        raise SystemExit(1)


def _tell(outcomes: Sequence[Outcome], title: str, as_json: bool) -> None:
    from clin.cli.console import table
    from clin.cli.terminal import dump

    if as_json:
        dump([_document(each, title) for each in outcomes])
        return
    echo(f"{title}: mean score and 95 % bootstrap interval, negative scores as 0")
    rows = [row for each in outcomes for row in _rows(each, outcomes[0])]
    table(("strategy", "", "n", "mean", "interval"), rows, right=("n", "mean"))


def _document(outcome: Outcome, title: str) -> dict[str, object]:
    return {
        "what": title,
        "strategy": outcome.strategy,
        "trials": [asdict(outcome.trial(number)) for number in range(outcome.trials)],
        "gain": asdict(outcome.gain()),
        "scores": outcome.scores,
    }


def _rows(outcome: Outcome, first: Outcome) -> list[list[object]]:
    """The lines of the table about one strategy; the others are held against the ``first``."""
    figures = [(f"trial {number}", outcome.trial(number)) for number in range(outcome.trials)]
    figures.append(("last - first", outcome.gain()))
    if outcome is not first and (against := outcome.over(first)):
        figures.append((f"last - {first.strategy}'s last", against))
    return [
        [outcome.strategy, what, each.n, f"{each.mean:.1f}", f"{each.low:.1f} to {each.high:.1f}"]
        for what, each in figures
    ]
