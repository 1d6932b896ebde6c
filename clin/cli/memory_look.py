"""``clin memory history | search | stats | check``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from clin.cli.options import as_json, database, existing


@click.command()
@click.argument("run")
@click.argument("link")
@database
@as_json
def history(run: str, link: str, db: Path, as_json: bool) -> None:
    """The life of LINK in RUN: every version that has it, and the steps that mention its cause or
    effect."""
    from rich.text import Text

    from clin.cli.console import console
    from clin.cli.terminal import dump
    from memory.changes import history as stages_of
    from memory.links import parse
    from memory.sanitize import sanitized
    from memory.store import Store, StoreError

    wanted = parse(link)
    with Store(existing(db), read_only=True) as store:
        stages = stages_of(store, run, wanted)
    if not stages:
        raise StoreError(
            f"no version of the memory of {run} holds this link; `clin memory show {run}` lists "
            "what it holds"
        )
    if as_json:
        dump(
            [{**asdict(stage), "form": str(stage.form) if stage.form else None} for stage in stages]
        )
        return
    out = console()
    for stage in stages:
        when = f"after trial {stage.trial}" if stage.trial is not None else "at the beginning"
        out.print(
            Text(
                f"version {stage.version}, {when}, by {sanitized(stage.writer)}: "
                f"{sanitized(str(stage.form)) if stage.form else 'gone'}"
            )
        )
        for position, step in stage.steps:
            out.print(Text(f"    [{position}] score {step.score:g} > {sanitized(step.action)}"))


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--limit",
    default=20,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Hits of each kind at most.",
)
@database
@as_json
def search(words: tuple[str, ...], limit: int, db: Path, as_json: bool) -> None:
    """Search WORDS in all links, steps and tasks of a database; "a phrase" and prefix* work."""
    from rich.text import Text

    from clin.cli.console import console
    from clin.cli.terminal import dump
    from memory.sanitize import sanitized
    from memory.store import Store
    from memory.store.search import search as found_by

    with Store(existing(db), read_only=True) as store:
        hits = found_by(store, " ".join(words), limit)
    if as_json:
        dump([asdict(hit) for hit in hits])
        return
    for hit in hits:
        console().print(Text(f"{hit.kind:<5} {hit.where:<16} {sanitized(hit.text)}"))
    if not hits:
        console().print("Nothing found.")


@click.command()
@database
@as_json
def stats(db: Path, as_json: bool) -> None:
    """Sizes, near-duplicate links, and links that the acting model never cited."""
    from rich.text import Text

    from clin.cli.console import console
    from clin.cli.terminal import dump
    from memory.sanitize import sanitized
    from memory.store import Store
    from memory.store.housekeeping import stats as counted

    with Store(existing(db), read_only=True) as store:
        found = counted(store)
    if as_json:
        dump(
            {
                **asdict(found),
                "near_duplicates": [[str(a), str(b)] for a, b in found.near_duplicates],
                "never_cited": [str(link) for link in found.never_cited],
            }
        )
        return
    out = console()
    for name in ("bytes", "runs", "trials", "steps", "versions", "links", "unreadable"):
        out.print(f"{name:<11} {getattr(found, name):,}")
    out.print(f"\n{len(found.near_duplicates)} pairs of links share most of their words:")
    for one, two in found.near_duplicates[:10]:
        out.print(Text(f"  {sanitized(str(one))}\n  ~ {sanitized(str(two))}"))
    if not found.cites:
        out.print(
            "No step cites a learning: this model acts without a thought, so what it uses cannot "
            "be told."
        )
        return
    out.print(f"{len(found.never_cited)} links of the latest memories were never cited:")
    for link in found.never_cited[:20]:
        out.print(Text(f"  {sanitized(str(link))}"))


@click.command()
@database
@as_json
def check(db: Path, as_json: bool) -> None:
    """Is the database sound? SQLite's own check, foreign keys, and chains of versions. Exit code 1
    if not."""
    from clin.analysis.readable import incomplete
    from clin.cli.console import console
    from clin.cli.terminal import dump
    from memory.store import Store

    with Store(existing(db), read_only=True) as store:
        problems = [*store.check(), *incomplete(store)]
    if as_json:
        dump({"sound": not problems, "problems": problems})
    else:
        console().print("\n".join(problems) or f"{db} is sound.")
    if problems:
        raise SystemExit(1)


COMMANDS = (history, search, stats, check)
