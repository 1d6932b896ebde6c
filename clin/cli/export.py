"""``clin export RUN FILE``: trials as a file for other tools."""

from __future__ import annotations

from pathlib import Path

import click

from clin.cli.options import database, existing, option
from clin.cli.terminal import echo


@click.command()
@click.argument("run")
@click.argument("file", type=click.Path(path_type=Path))
@option(
    "--format",
    "form",
    group="Output",
    default="",
    metavar="NAME",
    help="chat or steps, where FILE ends with .jsonl.  [default: chat]",
)
@database
def export(run: str, file: Path, form: str, db: Path) -> None:
    """Write the trials of RUN that have ended into FILE. FILE.eval is a log that `inspect view`
    opens. FILE.jsonl has chat messages, which tools that fine-tune models read, or steps, which
    `clin import` reads. `clin memory export` writes the memory."""
    from clin.errors import UserError
    from clin.trajectories import writer
    from memory.store import Store

    write = writer(form, file)
    with Store(existing(db), read_only=True) as store:
        try:
            count = write(store, run, file)
        except OSError as error:
            raise UserError(f"'{file}' cannot be written: {error.strerror}") from None
    if not count:
        raise UserError(f"no trial of {run} with a step has ended yet")
    echo(f"{count} trial{'' if count == 1 else 's'} to {file}")
