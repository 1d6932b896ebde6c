"""``clin memory``: what a run has learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clin.cli.options import CommandGroup, after_trial, as_json, database, existing

if TYPE_CHECKING:
    from memory.archive import Route
    from memory.evidence.tally import Tally
    from memory.links import Link
    from memory.store import RunRow, Store, Version

SHOWN = 8
"""Actions that came to nothing that are listed in words; `--json` has all."""


@click.group(cls=CommandGroup)
def memory() -> None:
    """What runs have learned: look at it, search it, correct it, move it.

    RUN is a run's name (`clin runs`). A LINK is written out: "X SHOULD BE NECESSARY to Y".
    """


@memory.command(name="list")
@database
@as_json
def list_(db: Path, as_json: bool) -> None:
    """The memories in a database, one line per run."""
    from clin.analysis.readable import readable
    from clin.cli.console import table
    from clin.cli.terminal import dump, echo
    from memory.store import Store, StoreError

    with Store(existing(db), read_only=True) as store:
        rows = []
        for run in readable(store, ("task", "variation")):
            try:
                rows.append(_row(store, run))
            except StoreError as error:
                echo(f"Left out: {run.name}: {error}", err=True)
    if as_json:
        dump(rows)
        return
    head = ("run", "task", "variation", "versions", "links", "corrections", "writer")
    least = ("writer", "corrections", "versions", "variation")
    table(head, ([*row.values()] for row in rows), right=head[2:6], least=least)


def _row(store: Store, run: RunRow) -> dict[str, Any]:
    versions = store.versions(run.name)
    last = versions[-1] if versions else None
    return {
        "run": run.name,
        "task": run.config["task"],
        "variation": run.config["variation"],
        "versions": len(versions),
        "links": len(last.memory.links) if last else 0,
        "corrections": len(store.corrections(run.name)),
        "writer": last.writer if last else "",
    }


@memory.command()
@click.argument("run")
@after_trial
@database
@as_json
def show(run: str, trial: int | None, db: Path, as_json: bool) -> None:
    """The causal links of RUN."""
    from clin.cli.console import console
    from clin.cli.lookup import ended_trial
    from clin.cli.terminal import dump
    from memory.store import Store

    with Store(existing(db), read_only=True) as store:
        number = -1 if trial == -1 else ended_trial(store, run, trial)
        kept = Kept(
            store.version_after(run, number),
            store.tallies(run, number),
            store.refusals(run, number),
            *_reached(store, run, number),
        )
    if as_json:
        dump({"run": run, "trial": number, **kept.as_json()})
    else:
        when = f"after trial {number}, written by" if number >= 0 else "when it began,"
        console().print(f"The memory of {run} {when} {kept.version.writer}:")
        kept.show()


@dataclass(frozen=True)
class Kept:
    """A version of a memory and what is told with it."""

    version: Version
    tallies: Mapping[Link, Tally]
    refusals: Sequence[tuple[str, str]]
    route: Route | None
    fruitless: list[str]
    """What came to nothing at the points to which the next trial goes back."""

    def as_json(self) -> dict[str, object]:
        memory = self.version.memory
        return {
            "writer": self.version.writer,
            "links": [str(link) for link in memory.links],
            "notes": memory.notes,
            "unreadable": self.version.unreadable,
            "tallies": {str(link): asdict(tally) for link, tally in self.tallies.items()},
            "scopes": {str(link): asdict(scope) for link, scope in memory.scopes},
            "refused": self.refusals,
            "goes_back": self.route.as_json() if self.route else None,
            "came_to_nothing": self.fruitless,
        }

    def show(self) -> None:
        """Print it in words."""
        from rich.text import Text

        from clin.cli.console import console
        from clin.cli.tables import memory_lines
        from memory.sanitize import sanitized

        out = console()
        lines = memory_lines(self.version.memory, self.tallies)
        out.print(Text("\n".join(lines or ["  (empty)"])))
        for link, reason in self.refusals:
            out.print(Text(f"  - refused: {sanitized(link)}; {sanitized(reason)}"), style="dim")
        for line in self.version.unreadable:
            out.print(Text(f"  ? could not be read: {sanitized(line)}"), style="dim")
        if self.route:
            out.print(f"The next trial {self.route}.")
        if self.fruitless:
            out.print(Text(f"What came to nothing at {self._in_vain()}."), style="dim")

    def _in_vain(self) -> str:
        from memory.sanitize import sanitized

        points = self.route.points if self.route else 0
        shown = ", ".join(map(sanitized, self.fruitless[:SHOWN]))
        more = len(self.fruitless) - SHOWN
        return f"{points:g} points: {shown}" + (f" and {more} more" if more > 0 else "")


def _reached(store: Store, run: str, number: int) -> tuple[Route | None, list[str]]:
    """Where a trial after ``number`` goes back to, and what it is not offered there because it came
    to nothing, as far as the run's exploration does either."""
    from clin.language import language_of_run
    from clin.options import Exploration
    from clin.spellings import grouped
    from memory.archive import Archive

    config = store.run(run).config
    exploration = Exploration(**grouped(config).get("exploration", {}))
    if not (exploration.return_to_best or exploration.novelty):
        return None, []
    archive = Archive(language_of_run(store, run)).read(store, run, number + 1)
    returns = exploration.return_to_best
    route = archive.best_route(config["budget"] // 2) if returns else None
    fruitless = archive.fruitless.get(route.points if route else 0.0, set())
    return route, sorted(fruitless) if exploration.novelty else []


@memory.command()
@click.argument("run")
@click.argument("old", type=click.IntRange(0))
@click.argument("new", type=click.IntRange(0))
@database
@as_json
def diff(run: str, old: int, new: int, db: Path, as_json: bool) -> None:
    """What changed in the memory of RUN between the end of trial OLD and the end of trial NEW."""
    from rich.text import Text

    from clin.cli.console import console
    from clin.cli.lookup import ended_trial
    from clin.cli.tables import change_lines
    from clin.cli.terminal import dump
    from memory.changes import change
    from memory.store import Store

    with Store(existing(db), read_only=True) as store:
        sides = [
            store.version_after(run, ended_trial(store, run, number)).memory.links
            for number in (old, new)
        ]
    found = change(*sides)
    if as_json:
        dump(
            {
                "run": run,
                "old": old,
                "new": new,
                "counts": found.counts(),
                "changes": change_lines(found),
            }
        )
        return
    out = console()
    counts = ", ".join(f"{count} {kind}" for kind, count in found.counts().items() if count)
    out.print(f"{run}, after trial {old} -> after trial {new}: {counts or 'both are empty'}")
    out.print(Text("\n".join(change_lines(found))))


def _register() -> None:
    """The other subcommands live beside this file, by subject."""
    from clin.cli import (
        memory_across,
        memory_correct,
        memory_evidence,
        memory_explain,
        memory_files,
        memory_graph,
        memory_look,
        memory_recount,
    )

    for module in (
        memory_look,
        memory_graph,
        memory_across,
        memory_explain,
        memory_evidence,
        memory_recount,
        memory_correct,
        memory_files,
    ):
        for command in module.COMMANDS:
            memory.add_command(command)


_register()
