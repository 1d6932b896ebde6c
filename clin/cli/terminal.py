"""The one door for text to a terminal: what a command prints goes through here, or through
:mod:`clin.cli.console` where it has colours or columns.

Names and texts come from worlds, models, servers and other people's files. A control character in
them could set the terminal's title, clear it, or turn the direction of what is read.
"""

from __future__ import annotations

import json
from typing import Any

import click

from memory.sanitize import escaped_json, harmless


def echo(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print ``text`` as it is but for control characters, on standard output or error."""
    click.echo(harmless(text), err=err, nl=nl)


def dump(value: Any, *, ascii_only: bool = False) -> None:
    """Print ``value`` as JSON. What a terminal might obey is escaped, so a reader gets it whole."""
    text = json.dumps(value, indent=2, ensure_ascii=ascii_only, default=str)
    click.echo(escaped_json(text))
