"""``clin memory``: what a run has learned."""

from __future__ import annotations

from pathlib import Path

import click

from clin.cli.options import as_json, database, existing


@click.group()
def memory() -> None:
    """The memory of a run: show it, compare versions."""


@memory.command()
@click.argument("run")
@click.option("--trial", type=click.IntRange(0), default=None, help="The memory after this trial.  [default: the last]")
@database
@as_json
def show(run: str, trial: int | None, db: Path, as_json: bool) -> None:
    """The causal links of RUN."""
    from rich.text import Text

    from clin.cli.tables import console, dump, memory_lines
    from clin.stored import ended_trial
    from memory.inert import inert
    from memory.store import Store

    with Store(existing(db), read_only=True) as store:
        number = ended_trial(store, run, trial)
        version = store.version_after(run, number)
        if as_json:
            links = [str(link) for link in version.memory.links]
            dump({"run": run, "trial": number, "writer": version.writer, "links": links, "notes": version.memory.notes,
                  "unreadable": version.unreadable})
            return
        out = console()
        out.print(f"The memory of {run} after trial {number}, written by {version.writer}:")
        out.print(Text("\n".join(memory_lines(version.memory) or ["  (empty)"])))
        for line in version.unreadable:
            out.print(Text(f"  ? could not be read: {inert(line)}"), style="dim")


@memory.command()
@click.argument("run")
@click.argument("old", type=click.IntRange(0))
@click.argument("new", type=click.IntRange(0))
@database
@as_json
def diff(run: str, old: int, new: int, db: Path, as_json: bool) -> None:
    """What changed in the memory of RUN between the end of trial OLD and the end of trial NEW."""
    from rich.text import Text

    from clin.cli.tables import change_lines, console, dump
    from clin.stored import ended_trial
    from memory.changes import change
    from memory.store import Store

    with Store(existing(db), read_only=True) as store:
        sides = [store.version_after(run, ended_trial(store, run, number)).memory.links for number in (old, new)]
    found = change(*sides)
    if as_json:
        dump({"run": run, "old": old, "new": new, "counts": found.counts(), "changes": change_lines(found)})
        return
    out = console()
    counts = ", ".join(f"{count} {kind}" for kind, count in found.counts().items() if count)
    out.print(f"{run}, after trial {old} -> after trial {new}: {counts or 'both are empty'}")
    out.print(Text("\n".join(change_lines(found))))
