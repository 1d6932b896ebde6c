"""``clin memory explain``: why a link reads as it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clin.cli.options import as_json, database, existing

if TYPE_CHECKING:
    from memory.explaining import Explanation

COUNTS = {
    "together": "for: the cause, and then the effect",
    "without": "against: the effect without the cause",
    "alone": "against: the cause, and no effect",
    "lost": "against: the cause lost points",
    "neither": "neither was there",
}
"""What a trial counts as, in words."""


@click.command()
@click.argument("run")
@click.argument("link")
@database
@as_json
def explain(run: str, link: str, db: Path, as_json: bool) -> None:
    """Why LINK reads as it does in RUN: its tally, the trials and steps for and against it, its
    hedge and why, its versions, and what people corrected."""
    from rich.text import Text

    from clin.cli.console import console
    from clin.cli.terminal import dump
    from clin.language import words_of_run
    from memory.explaining import explained
    from memory.links import parse
    from memory.sanitize import sanitized
    from memory.store import Store

    wanted = parse(link)
    with Store(existing(db), read_only=True) as store:
        found = explained(store, run, wanted, words_of_run(store, run))
    if as_json:
        dump({"run": run, **found.as_json()})
        return
    console().print(Text("\n".join(map(sanitized, _lines(found)))))


def _lines(found: Explanation) -> Iterator[str]:
    yield str(found.held or found.link)
    yield f"  why: {found.why}"
    yield f"  tally: {found.tally}"
    if found.carried:
        yield f"  taken over: {found.carried}"
    if found.says and found.says != found.held:
        yield f"  the count says: {found.says}"
    yield from _trials(found)
    for stage in found.versions:
        yield f"  {_when(stage)}, by {stage['writer']}: {stage['form'] or 'gone'}"
    for each in found.corrections:
        yield f"  corrected by {each['who']}, {each['made']}: {each['kind']} {each['link']}"


def _trials(found: Explanation) -> Iterator[str]:
    """How the trials count, each kind on a line, and then their latest steps."""
    for kind, told in COUNTS.items():
        numbers = [str(each["trial"]) for each in found.trials if each["counts_as"] == kind]
        if numbers:
            of = "trial" if len(numbers) == 1 else "trials"
            yield f"  {told} ({len(numbers)}): {of} {', '.join(numbers)}"
    for step in found.steps:
        gain = f" {step['gain']:+g} points" if step["gain"] else ""
        where = f"trial {step['trial']} [{step['step']}] {step['what']}"
        yield f"    {where}: > {step['action']}{gain}"


def _when(stage: dict[str, Any]) -> str:
    number = stage["trial"]
    return "at the beginning" if number is None else f"after trial {number}"


COMMANDS = (explain,)
