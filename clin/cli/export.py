"""``clin export RUN FILE.jsonl``: trajectories as chat messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clin.cli.options import database, existing
from clin.cli.terminal import echo

if TYPE_CHECKING:
    from memory.store import Store


@click.command()
@click.argument("run")
@click.argument("file", type=click.Path(path_type=Path))
@database
def export(run: str, file: Path, db: Path) -> None:
    """Write the trials of RUN into FILE.jsonl as chat messages, one JSON object for each trial that
    has ended. Tools that fine-tune models read this; `clin memory export` writes the memory."""
    from clin.errors import UserError
    from memory.private import write_private
    from memory.store import Store

    if file.suffix != ".jsonl":
        raise UserError(f"'{file}' is no file of chat messages (formats: .jsonl)")
    with Store(existing(db), read_only=True) as store:
        told = [json.dumps(each, ensure_ascii=False) + "\n" for each in _trials(store, run)]
    if not told:
        raise UserError(f"no trial of {run} with a step has ended yet")
    try:
        write_private(file, "".join(told))
    except OSError as error:
        raise UserError(f"'{file}' cannot be written: {error.strerror}") from None
    echo(f"{len(told)} trial{'' if len(told) == 1 else 's'} to {file}")


def _trials(store: Store, run: str) -> Iterator[dict[str, Any]]:
    """The trials that have ended and have steps, in order."""
    from clin.language import words_of_run
    from clin.llms import ModelCard
    from clin.prompts import STYLES, style
    from clin.prompts.conversation import messages

    stored = store.run(run)
    model = stored.config.get("model") or {}
    named = model.get("prompt")
    layout = style(named if named in STYLES else ModelCard.prompt)(words_of_run(store, run))
    for row in store.trials(run):
        if row.ending is None or not row.steps:
            continue
        steps = range(row.steps)
        asked = {number: store.calls(row.id, number) for number in steps}
        prompts = {
            number: next(call.parts for call in calls if call.role == "act")
            for number, calls in asked.items()
            if any(call.role == "act" for call in calls)
        }
        yield {
            "messages": messages(store.trial(row.id), prompts, layout),
            "run": stored.uid,
            "trial": row.number,
            "world": row.world,
            "task": row.task,
            "variation": row.variation,
            "score": row.score,
            "ending": str(row.ending),
        }
