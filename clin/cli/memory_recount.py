"""``clin memory recount``: what was admissible, for steps that were stored without it."""

from __future__ import annotations

from pathlib import Path

import click

from clin.cli.options import as_json, database, existing


@click.command()
@click.argument("run")
@database
@as_json
def recount(run: str, db: Path, as_json: bool) -> None:
    """Fill in what was admissible before the steps of RUN, by replaying its ended trials in their
    world, without a model. Exit code 1 where a trial does not go as it is stored."""
    from clin.cli.console import console
    from clin.cli.terminal import dump
    from clin.rollout.backfill import backfill
    from clin.rollout.trial import WorldChanged
    from memory.sanitize import sanitized
    from memory.store import Store
    from worlds import WorldCrashed

    with Store(existing(db)) as store:
        try:
            filled = backfill(store, run)
        except (WorldChanged, WorldCrashed) as error:
            said = sanitized(" ".join(str(error).split()))
            raise click.ClickException(f"{said}; nothing of that trial was filled in") from None
        ended = [row for row in store.trials(run) if row.ending is not None]
    if as_json:
        dump({"run": run, "trials": filled.trials, "steps": filled.steps})
    elif filled.steps:
        console().print(
            f"Filled in what was admissible before {filled.steps} of "
            f"{sum(row.steps for row in ended)} steps, in {filled.trials} of {len(ended)} trials "
            f"of {run}."
        )
    else:
        console().print(f"Nothing to fill in: every step of the ended trials of {run} has it.")


COMMANDS = (recount,)
