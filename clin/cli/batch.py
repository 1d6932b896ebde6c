"""``clin batch FILE``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clin.cli.options import as_json, database

if TYPE_CHECKING:
    from clin.experiments.runner import Outcome
    from clin.experiments.spec import Batch, Cell, Line
    from memory.store import Store


@click.command()
@click.argument("experiment")
@click.option("--quick", is_flag=True, help="The experiment's quick size: minutes on two cores.")
@click.option("--plan", is_flag=True, help="Print what would be played, and play nothing.")
@click.option(
    "--samples",
    default=None,
    type=click.IntRange(2),
    help=(
        "Play each cell with so many seeds at a temperature (0.5 where the experiment has "
        "none): the probability of success."
    ),
)
@click.option(
    "--lanes", default=None, type=click.IntRange(1, 256), help="In place of the experiment's own."
)
@click.option(
    "--engine",
    default="local",
    show_default=True,
    type=click.Choice(["local", "ray"]),
    help="Here, or on a Ray cluster (extra [cluster]).",
)
@click.option(
    "--address",
    default=None,
    help="The cluster's address; without it, a cluster of this machine alone.",
)
@click.option(
    "--workers",
    default=0,
    type=click.IntRange(0),
    help="Models in the cluster.  [default: one per processor]",
)
@database
@as_json
def batch(
    experiment: str,
    quick: bool,
    plan: bool,
    samples: int | None,
    lanes: int | None,
    engine: str,
    address: str | None,
    workers: int,
    db: Path,
    as_json: bool,
) -> None:
    """Play EXPERIMENT, a TOML file or one that ships with clin (such as paper-adapt). What the
    database holds already is not played again. Exit code 1 where a run failed, 130 where it was
    interrupted."""
    from clin.experiments.spec import Batch
    from memory.store import Store

    read = Batch.read(experiment, quick=quick)
    read = read.model_copy(update={"lanes": lanes}) if lanes else read
    if samples:
        read = read.model_copy(
            update={"seeds": tuple(range(samples)), "temperature": read.temperature or 0.5}
        )
    with Store(db) as store:
        follow_batch(
            store,
            read,
            plan=plan,
            as_json=as_json,
            cluster=(address, workers) if engine == "ray" else None,
        )


def follow_batch(
    store: Store,
    batch: Batch,
    *,
    plan: bool,
    as_json: bool,
    cluster: tuple[str | None, int] | None = None,
) -> None:
    """Say what is planned, play it here or on the ``cluster`` (address, workers), and say what came
    of it."""
    from clin.cli.progress import Progress
    from clin.cli.run import Interrupt
    from clin.experiments.runner import Batching
    from clin.experiments.spec import cells, lines
    from memory.batches import begin_batch

    found, sequences = cells(batch), lines(batch)
    click.echo(_planned(store, batch, found, sequences), err=True)
    if plan:
        return
    name = begin_batch(store, batch.model_dump(mode="json"))
    with Interrupt() as interrupt, Progress(quiet=as_json) as progress:
        if cluster:
            from clin.experiments.cluster import Cluster

            def tell(what: str, pid: int) -> None:
                progress.console.print(f"a trial of {what} (worker {pid})")

            address, workers = cluster
            outcome = Cluster(store, batch, interrupt.asked, tell).play(
                found, sequences, address=address, workers=workers
            )
        else:
            outcome = Batching(store, batch, progress, interrupt.asked).play(found, sequences)
    _tell(outcome, name, store.path, as_json)


def _planned(store: Store, batch: Batch, cells: list[Cell], lines: list[Line]) -> str:
    """What is to be played, and how long that takes as far as the database can tell."""
    extra = {source for cell in cells for source in cell.source_cells()} - set(cells)
    runs = len(cells) + len(extra) + sum(line.runs for line in lines)
    rows = store.rows("select sum(seconds), count(distinct trial) from calls")
    seconds, trials = rows[0] if rows else (None, 0)
    counted = (len(cells) + len(extra)) * batch.trials + sum(
        line.trials(batch.trials) for line in lines
    )
    about = (
        f"about {seconds / trials * counted / 60:.0f} min of the model's time at this file's rate"
        if trials
        else "time unknown before the first trials"
    )
    told = (
        f" ({len(extra)} of them to learn from)"
        if extra
        else f" in {len(lines)} sequences"
        if lines
        else ""
    )
    return (
        f"{runs} runs{told}, {counted} trials of at most {batch.budget} steps, "
        f"{batch.lanes} lanes; {about}"
    )


def _tell(outcome: Outcome, name: str, db: Path, as_json: bool) -> None:
    if as_json:
        click.echo(
            json.dumps(
                {
                    "batch": name,
                    "played": outcome.played,
                    "there": outcome.there,
                    "interrupted": outcome.interrupted,
                    "failed": [{"run": cell, "reason": reason} for cell, reason in outcome.failed],
                },
                indent=2,
            )
        )
    else:
        click.echo(
            f"{len(outcome.played)} runs played, {len(outcome.there)} were there already, "
            f"{len(outcome.failed)} failed."
        )
    for cell, reason in outcome.failed:
        click.echo(f"Failed: {cell}: {reason}", err=True)
    if outcome.interrupted:
        click.echo(
            f"Interrupted; every step shown is stored, and `clin resume {name} --db {db}` goes "
            "on from there.",
            err=True,
        )
        raise SystemExit(130)
    if not as_json:
        click.echo(f"`clin report --db {db}` compares them.")
    if outcome.failed:
        raise SystemExit(1)
