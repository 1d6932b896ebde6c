"""``clin batch FILE``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clin.cli.fields import field
from clin.cli.options import GroupedCommand, allow_host, as_json, database, gathered, option
from clin.cli.terminal import dump, echo
from clin.options import Engine

if TYPE_CHECKING:
    from clin.experiments.cells import Cell, Line
    from clin.experiments.runner import Outcome
    from clin.experiments.spec import Batch
    from memory.store import Store


@dataclass(frozen=True)
class Changes:
    """What the command line says in place of the experiment."""

    quick: bool
    samples: int | None
    lanes: int | None

    def read(self, experiment: str) -> Batch:
        """The experiment, changed."""
        from clin.experiments.spec import Batch

        batch = Batch.read(experiment, quick=self.quick)
        if self.lanes:
            batch = batch.but(engine=batch.engine.but(lanes=self.lanes))
        if self.samples:
            drawn = batch.sampling.but(temperature=batch.sampling.temperature or 0.5)
            batch = batch.but(seeds=tuple(range(self.samples)), sampling=drawn)
        return batch


@dataclass(frozen=True)
class Machines:
    """What plays: this process, or a Ray cluster."""

    engine: str
    address: str | None
    workers: int


CHANGES = gathered(
    "changes",
    Changes,
    option(
        "--quick",
        group="Experiment",
        is_flag=True,
        help="The experiment's quick size: minutes on two cores.",
    ),
    option(
        "--samples",
        group="Experiment",
        type=click.IntRange(2),
        metavar="N",
        help="Play each cell with N seeds at a temperature (0.5 where the experiment has none): "
        "the probability of success.",
    ),
    field(
        Engine,
        "lanes",
        group="Experiment",
        default=None,
        help="Trials in flight, in place of the experiment's own.",
    ),
)
MACHINES = gathered(
    "machines",
    Machines,
    option(
        "--engine",
        group="Cluster",
        default="local",
        show_default=True,
        type=click.Choice(["local", "ray"]),
        help="Here, or on a Ray cluster (extra [cluster]).",
    ),
    option(
        "--address",
        group="Cluster",
        help="The cluster's address; without it, a cluster of this machine alone.",
    ),
    option(
        "--workers",
        group="Cluster",
        default=0,
        type=click.IntRange(0),
        metavar="N",
        help="Models in the cluster.  [default: one per processor]",
    ),
)


@click.command(cls=GroupedCommand)
@click.argument("experiment")
@CHANGES
@MACHINES
@option(
    "--plan", group="Output", is_flag=True, help="Print what would be played, and play nothing."
)
@allow_host
@database
@as_json
def batch(
    experiment: str,
    changes: Changes,
    machines: Machines,
    plan: bool,
    allowed: frozenset[str],
    db: Path,
    as_json: bool,
) -> None:
    """Play EXPERIMENT, a TOML file or one that ships with clin (such as paper-adapt). What the
    database holds already is not played again. Exit code 1 where a run failed, 130 where it was
    interrupted."""
    from clin.experiments.writers import check_writers
    from memory.store import Store

    read = changes.read(experiment)
    check_writers(read)
    with Store(db) as store:
        follow_batch(store, read, plan=plan, as_json=as_json, machines=machines, allowed=allowed)


def follow_batch(
    store: Store,
    batch: Batch,
    *,
    as_json: bool,
    plan: bool = False,
    machines: Machines | None = None,
    allowed: frozenset[str] = frozenset(),
) -> None:
    """Say what is planned, play it here or on a cluster of ``machines``, and say what came of
    it. The user's key goes to ``allowed`` hosts alone."""
    from clin.cli.follow import Interrupt, tell_place
    from clin.cli.progress import Progress
    from clin.experiments.cells import cells, lines
    from clin.experiments.runner import Batching
    from clin.llms.addresses import check_hosts

    found, sequences = cells(batch), lines(batch)
    echo(_planned(store, batch, found, sequences), err=True)
    if plan:
        return
    check_hosts(batch.models, allowed)
    tell_place(store.path)
    name = store.begin_batch(batch.model_dump(mode="json"))
    with Interrupt() as interrupt, Progress(quiet=as_json) as progress:
        if machines and machines.engine == "ray":
            from clin.experiments.cluster import Cluster

            def tell(what: str, pid: int) -> None:
                progress.console.print(f"a trial of {what} (worker {pid})")

            cluster = Cluster(store, batch, interrupt.asked, tell, allowed, progress)
            outcome = cluster.play(
                found, sequences, address=machines.address, workers=machines.workers
            )
        else:
            batching = Batching(store, batch, progress, interrupt.asked, allowed=allowed)
            outcome = batching.play(found, sequences)
    _tell(outcome, name, store.path, as_json)


def _planned(store: Store, batch: Batch, cells: list[Cell], lines: list[Line]) -> str:
    """What is to be played, and how long that takes as far as the database can tell."""
    from memory.store.overview import spent_by_trial

    extra = {source for cell in cells for source in cell.source_cells()} - set(cells)
    runs = len(cells) + len(extra) + sum(line.runs for line in lines)
    spent = spent_by_trial(store).values()
    counted = (len(cells) + len(extra)) * batch.trials + sum(
        line.trials(batch.trials) for line in lines
    )
    about = (
        f"about {sum(each.seconds for each in spent) / len(spent) * counted / 60:.0f} min of the "
        "model's time at this file's rate"
        if spent
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
        f"{batch.engine.lanes} lanes; {about}"
    )


def _tell(outcome: Outcome, name: str, db: Path, as_json: bool) -> None:

    if as_json:
        failed = [{"run": cell, "reason": reason} for cell, reason in outcome.failed]
        dump(
            {
                "batch": name,
                "played": outcome.played,
                "there": outcome.there,
                "interrupted": outcome.interrupted,
                "failed": failed,
            },
            ascii_only=True,
        )
    else:
        echo(
            f"{len(outcome.played)} runs played, {len(outcome.there)} were there already, "
            f"{len(outcome.failed)} failed."
        )
    for cell, reason in outcome.failed:
        echo(f"Failed: {cell}: {reason}", err=True)
    if outcome.interrupted:
        echo(
            f"Interrupted; every step shown is stored, and `clin resume {name} --db {db}` goes "
            "on from there.",
            err=True,
        )
        raise SystemExit(130)
    if not as_json:
        echo(f"`clin report --db {db}` compares them.")
    if outcome.failed:
        raise SystemExit(1)
