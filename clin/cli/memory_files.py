"""``clin memory export | import | merge | compact``: memories and databases as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from clin.cli.options import database, existing
from clin.cli.terminal import echo


@click.command()
@click.argument("run")
@click.option(
    "--trial",
    type=click.IntRange(0),
    default=None,
    help="The memory after this trial.  [default: the last]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    help="FILE.md or FILE.jsonl.  [default: Markdown, printed]",
)
@database
def export(run: str, trial: int | None, out: Path | None, db: Path) -> None:
    """Write the memory of RUN as Markdown, which a person can edit and import again, or as
    JSONL."""
    from clin.cli.lookup import ended_trial
    from clin.errors import UserError
    from memory.exchange import FORMATS, to_jsonl, to_markdown
    from memory.private import write_private
    from memory.sanitize import sanitized
    from memory.store import Store

    with Store(existing(db), read_only=True) as store:
        number = ended_trial(store, run, trial)
        memory = store.version_after(run, number).memory
    text = to_markdown(memory, f"Memory of {run} after trial {number}")
    if out is None:
        echo(sanitized(text), nl=False)
        return
    if out.suffix not in FORMATS:
        raise UserError(f"'{out}' is no memory file (formats: {', '.join(FORMATS)})")
    try:
        write_private(out, to_jsonl(memory) if out.suffix == ".jsonl" else text)
    except OSError as error:
        raise UserError(f"'{out}' cannot be written: {error.strerror}") from None
    echo(f"{len(memory.links)} links to {out}")


@click.command(name="import")
@click.argument("run")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--who", default="", help="Who imports.  [default: the user's name]")
@database
def import_(run: str, file: Path, who: str, db: Path) -> None:
    """Replace the memory of RUN by that in FILE (.md or .jsonl), as a new version."""
    from rich.text import Text

    from clin.cli.console import console
    from clin.cli.tables import change_lines
    from memory.changes import change
    from memory.exchange import read_file
    from memory.store import Store

    found = read_file(file)
    with Store(existing(db)) as store:
        before = store.current_memory(run)
        after = store.replace_memory(run, found, who=who)
    console().print(
        Text(
            "\n".join(change_lines(change(before.links, after.links)))
            or "The memory reads as before."
        )
    )


@click.command()
@click.argument("into", type=click.Path(path_type=Path))
@click.argument("other", type=click.Path(path_type=Path))
def merge(into: Path, other: Path) -> None:
    """Copy the runs of the database OTHER that INTO does not have yet, and what those that it has
    have gone on with; merging twice adds nothing. OTHER is only read."""
    from memory.store import Store
    from memory.store.merging import update

    with Store(existing(into)) as store:
        found = update(store, existing(other))
    made = found.copied
    echo(
        f"{len(made)} run{'' if len(made) == 1 else 's'} copied into {into}"
        + (f": {_in_ranges(made)}" if made else "; it has all of them already")
    )
    for names, how in (
        (found.updated, "had gone on in {other} and has what it has there"),
        (found.parted, "has gone on in both files, and stays as it is"),
        (found.live, "is being played here, and stays as it is"),
    ):
        for name in names:
            echo(f"{name} {how.format(other=other)}")


def _in_ranges(names: Sequence[str]) -> str:
    """Names of runs in ascending order, those without a gap between them as their first and last:
    "r2, r5 to r9"."""
    ranges: list[list[int]] = []
    for number in (int(name[1:]) for name in names):
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1][1:] = [number]
        else:
            ranges.append([number])
    return ", ".join(" to ".join(f"r{number}" for number in each) for each in ranges)


@click.command()
@click.option("--yes", is_flag=True, help="Remove it; without this, only say what would go.")
@database
def compact(yes: bool, db: Path) -> None:
    """Say what could be removed without losing a step, a memory or a figure; with --yes remove it
    for good."""
    from memory.store import Store
    from memory.store.housekeeping import compact as compacted
    from memory.store.housekeeping import removable

    with Store(existing(db)) as store:
        found = removable(store)
        for each in found:
            echo(
                f"{each.rows:,} {each.what}"
                + (f", {each.bytes / 1e6:.1f} MB" if each.bytes else "")
            )
        if not found:
            echo("There is nothing to remove.")
        elif yes:
            echo(f"Removed; the file is {compacted(store, found) / 1e6:.1f} MB smaller.")
        else:
            echo("Nothing was removed; --yes removes it.")


COMMANDS = (export, import_, merge, compact)
