"""``clin watch [FILE]``: the terminal UI."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from clin.cli.options import DATABASE, existing
from clin.errors import UserError


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=DATABASE, envvar="CLIN_DB")
def watch(file: Path) -> None:
    """Watch the runs in FILE (clin.db): live, finished or copied. Reads only, unless you step
    in."""
    show(existing(file), ())


def show(file: Path, start: Sequence[str]) -> None:
    """Open the app on ``file``; ``start`` are the words of a run that it starts. Only this line
    knows of the room next door, which knows us: hence by name."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError("watching needs a terminal; `clin runs` and `clin show RUN` print instead")
    importlib.import_module("tui.app").watch(file, start)
