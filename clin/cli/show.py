"""``clin show RUN [--trial K]``: trials and trajectories."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clin.cli.options import as_json, database, existing

if TYPE_CHECKING:
    from memory.store import Store


@click.command()
@click.argument("run")
@click.option("--trial", type=click.IntRange(0), default=None, help="Show this trial's trajectory.")
@database
@as_json
def show(run: str, trial: int | None, db: Path, as_json: bool) -> None:
    """The trials of RUN; with --trial its trajectory: thought, action, observation, score,
    learnings cited."""
    from clin.analysis.document import document
    from clin.cli.tables import dump
    from memory.store import Store

    with Store(existing(db), read_only=True) as store:
        if trial is not None:
            _trajectory(store, run, trial, as_json)
        elif as_json:
            dump(document(store, run))
        else:
            _overview(store, run)


def _overview(store: Store, run: str) -> None:
    from clin.analysis.document import document
    from clin.cli.tables import console, trials_table
    from memory.sanitize import sanitized

    found = document(store, run)
    where = f"{found['world']}, {found['task']}, variation {found['variation']}"
    console().print(
        f"{run}: {where}; {found['setting']}, strategy {found['strategy']}, writer "
        f"{found['writer']}, "
        f"model {sanitized(found['model']['name'])}, seed {found['seed']}; {store.run(run).state}\n"
    )
    trials_table(found["trials"])
    for row in store.trials(run):
        if row.ending is None:
            console().print(
                f"Trial {row.number} is under way: {len(store.steps(row.id))} steps are stored."
            )


def _trajectory(store: Store, run: str, number: int, as_json: bool) -> None:
    from rich.text import Text

    from clin.cli.lookup import trial_row
    from clin.cli.tables import console, dump, memory_lines
    from clin.language import route_taken
    from memory.sanitize import sanitized
    from memory.store.overview import cuts

    row = trial_row(store, run, number)
    trial, test = store.trial(row.id), store.link_test(row.id)
    route = route_taken(store, run, row.id)
    if as_json:
        links = [str(link) for link in trial.recalled.links]
        tested = {"link": str(test.link), "steps": test.steps} if test else None
        back = route.as_json() if route else None
        dump(
            {
                **asdict(trial),
                "links": links,
                "context_cut_before": sorted(cuts(store, row.id)),
                "test": tested,
                "goes_back": back,
            }
        )
        return
    out = console()
    out.print(Text(f"Task: {sanitized(trial.goal)}"), style="bold")
    out.print(
        Text("\n".join(["Memory that it read:", *(memory_lines(trial.recalled) or ["  (empty)"])]))
    )
    if test:
        out.print(
            Text(
                f"Test of a link: {sanitized(str(test.link))}; its cause is not offered in the "
                "first "
                f"{test.steps} steps."
            ),
            style="italic",
        )
    if route:
        out.print(Text(f"It {route}."), style="italic")
    out.print(Text(f"\n{sanitized(trial.opening)}"))
    before, cut = 0.0, cuts(store, row.id)
    for index, step in enumerate(trial.steps):
        gain = f"  ({step.score - before:+g})" if step.score != before else ""
        cited = f"  cites {', '.join(map(str, step.cited))}" if step.cited else ""
        out.print(
            Text(f"\n[{index}] score {step.score:g}{gain}{cited}"), style="bold" if gain else "dim"
        )
        if index in cut:
            out.print(
                Text("(The context was full here: the model no longer reads the earliest steps.)"),
                style="italic",
            )
        if step.thought:
            out.print(Text(f"Thought: {sanitized(step.thought)}"))
        out.print(Text(f"> {sanitized(step.action)}"), style="cyan")
        out.print(Text(sanitized(step.observation)))
        before = step.score
    out.print(
        Text(
            f"\nEnded: {trial.ending}, score {trial.score:g} after {len(trial.steps)} steps."
            if row.ending
            else f"\nUnder way: {len(trial.steps)} steps so far."
        )
    )
