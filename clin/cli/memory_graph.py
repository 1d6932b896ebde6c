"""``clin memory graph``: a memory as a picture of causes and effects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clin.cli.options import after_trial, database, existing

if TYPE_CHECKING:
    from memory.graph import Graph
    from memory.store import Store


@click.command()
@click.argument("run")
@after_trial
@click.option(
    "--diff",
    type=click.IntRange(-1),
    nargs=2,
    default=None,
    metavar="OLD NEW",
    help="The memory after trial NEW, with what is new, surer, less sure or gone since trial OLD.",
)
@click.option(
    "--format",
    "form",
    default=None,
    metavar="NAME",
    help="tree, mermaid, dot, svg, html or jsonld.  [default: the ending of --out, or tree]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write this file instead of printing.",
)
@database
def graph(
    run: str,
    trial: int | None,
    diff: tuple[int, int] | None,
    form: str | None,
    out: Path | None,
    db: Path,
) -> None:
    """Draw the memory of RUN: the goal, what it takes, what that takes, and so on.

    What means the same is drawn once. A solid line is SHOULD, a broken one MAY; heads of arrows
    tell what is necessary, contributes, or does not.
    """
    from clin.analysis.graphs import format_of, open_format
    from clin.cli.terminal import echo
    from clin.errors import UserError
    from memory.private import write_private
    from memory.store import Store

    if diff is not None and trial is not None:
        raise UserError("--trial and --diff exclude each other; give one of them")
    name = form or (format_of(out) if out else "tree")
    write = open_format(name)
    with Store(existing(db), read_only=True) as store:
        drawn = _drawn(store, run, *((None, trial) if diff is None else diff))
    if out is None:
        echo(_tree(drawn) if name == "tree" else write(drawn), nl=False)
        return
    try:
        write_private(out, write(drawn))
    except OSError as error:
        raise UserError(f"'{out}' cannot be written: {error.strerror}") from None
    echo(f"{len(drawn.edges)} links to {out}")


def _drawn(store: Store, run: str, old: int | None, new: int | None) -> Graph:
    """The graph after trial ``new`` (the last for None), against that after ``old`` if given."""
    from clin.cli.lookup import ended_trial
    from clin.errors import UserError
    from clin.language import words_of_run
    from memory.graph import graph_of

    number = -1 if new == -1 else ended_trial(store, run, new)
    version = store.version_after(run, number)
    before = None
    if old is not None:
        before = store.version_after(run, -1 if old == -1 else ended_trial(store, run, old))
    if not version.memory.links and not (before and before.memory.links):
        when = f"after trial {number}" if number >= 0 else "at its beginning"
        notes = f"; its notes: `clin memory show {run}`" if version.memory.notes else ""
        raise UserError(f"the memory of {run} {when} holds no link that could be drawn{notes}")
    trials = store.trials(run)
    return graph_of(
        version.memory.links,
        store.tallies(run, number),
        goal=trials[-1].goal if trials else store.run(run).config["task"],
        language=words_of_run(store, run),
        before=before.memory.links if before else None,
    )


ASCII = str.maketrans("└├│─", "`||-")


def _tree(drawn: Graph) -> str:
    """The tree as wide as the terminal, where there is one; its lines in ASCII where the locale
    names no UTF-8."""
    import shutil
    import sys

    from clin.analysis.graphs.tree import COLUMNS, written
    from clin.cli.terminal import has_unicode

    wide = shutil.get_terminal_size().columns if sys.stdout.isatty() else COLUMNS
    text = written(drawn, wide)
    return text if has_unicode() else text.translate(ASCII)


COMMANDS = (graph,)
