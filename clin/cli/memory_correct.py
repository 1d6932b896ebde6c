"""``clin memory add | drop | edit | pin | unpin | ban | unban``: a person's corrections."""

from __future__ import annotations

from pathlib import Path

import click

from clin.cli.options import database, existing

_HELP = {
    "add": "Put LINK into the memory of RUN and pin it.",
    "drop": "Take LINK out of the memory of RUN; a writer may find it again (`ban` keeps it out).",
    "pin": "Keep LINK in the memory of RUN through all rewriting.",
    "unpin": "Let writers decide about LINK again.",
    "ban": (
        "Take LINK out of the memory of RUN and keep it out, in any wording that means the same."
    ),
    "unban": "Let writers find LINK again.",
}
_who = click.option("--who", default="", help="Who corrects.  [default: the user's name]")


def _command(kind: str) -> click.Command:
    @click.command(name=kind, help=_HELP[kind])
    @click.argument("run")
    @click.argument("link")
    @_who
    @database
    def command(run: str, link: str, who: str, db: Path) -> None:
        _correct(db, run, kind, link, None, who)

    return command


@click.command()
@click.argument("run")
@click.argument("link")
@click.argument("new")
@_who
@database
def edit(run: str, link: str, new: str, who: str, db: Path) -> None:
    """Replace LINK in the memory of RUN by NEW, and pin that."""
    _correct(db, run, "edit", link, new, who)


def _correct(db: Path, run: str, kind: str, link: str, new: str | None, who: str) -> None:
    from rich.text import Text

    from clin.cli.console import console
    from clin.cli.tables import change_lines
    from clin.language import words_of_run
    from memory.changes import change
    from memory.links import parse
    from memory.sanitize import sanitized
    from memory.store import Store

    subject, replacement = parse(link), parse(new) if new is not None else None
    with Store(existing(db)) as store:
        before, language = store.current_memory(run), words_of_run(store, run)
        against = store.overrides(run, language).contradicted(kind, subject, replacement)
        after = store.correct(run, kind, subject, new=replacement, who=who, language=language)
    lines = change_lines(change(before.links, after.links))
    out = console()
    out.print(Text("\n".join(lines) or f"Recorded: {kind}. The memory itself reads as before."))
    if against:
        out.print(Text(sanitized(against)), soft_wrap=True)


COMMANDS = (*map(_command, _HELP), edit)
