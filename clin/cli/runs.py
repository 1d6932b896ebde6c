"""``clin runs``: what a database holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clin.cli.options import as_json, database, existing

if TYPE_CHECKING:
    from memory.store import RunRow, Store


@click.command()
@database
@as_json
def runs(db: Path, as_json: bool) -> None:
    """The runs in a database, oldest first."""
    from clin.analysis.readable import readable, unreadable
    from clin.cli.console import table
    from clin.cli.terminal import dump, echo
    from memory.store import Store, StoreError

    with Store(existing(db), read_only=True) as store:
        bad, rows = unreadable(store), []
        for run in readable(store):
            try:
                rows.append(_row(store, run))
            except StoreError as error:
                bad.append(f"{run.name}: {error}")
    for line in bad:
        echo(f"Left out: {line}", err=True)
    if as_json:
        dump(rows)
        return
    head = ("run", "world", "task", "variation", "strategy", "model", "state", "trials", "scores")
    table(
        head,
        (
            [*(row[name] for name in head[:-1]), " ".join(f"{s:g}" for s in row["scores"])]
            for row in rows
        ),
        right=("variation", "trials"),
        least=("model", "world", "trials", "variation", "strategy"),
    )


def _row(store: Store, run: RunRow) -> dict[str, Any]:
    config = run.config
    ended = [row for row in store.trials(run.name) if row.ending is not None]
    return {
        "run": run.name,
        "world": config["world"],
        "task": config["task"],
        "variation": config["variation"],
        "setting": config["setting"],
        "strategy": config["strategy"],
        "writer": config["writer"],
        "model": config["model"]["name"],
        "seed": config["seed"],
        "state": run.state,
        "trials": f"{len(ended)}/{wanted}" if (wanted := config["trials"]) else str(len(ended)),
        "scores": [row.score for row in ended],
    }
