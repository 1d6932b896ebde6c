"""``clin watch [FILE]``: the terminal UI."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from clin.cli.options import DATABASE, existing


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=DATABASE, envvar="CLIN_DB")
def watch(file: Path) -> None:
    """Watch the runs in FILE (clin.db): live, finished or copied. Reads only, unless you step in."""
    importlib.import_module("tui.app").watch(existing(file))
