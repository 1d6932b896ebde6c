"""The one door for text to a terminal: what a command prints goes through here, or through
:mod:`clin.cli.console` where it has colours or columns.

Names and texts come from worlds, models, servers and other people's files. A control character in
them could set the terminal's title, clear it, or turn the direction of what is read.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

import click

from memory.sanitize import escaped_json, harmless


def forgive() -> None:
    """Let a sign that the terminal or pipe has no code for become a question mark. On Windows a
    pipe has the encoding of the country (cp1252), which knows no snowman."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


def has_unicode(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal's locale says UTF-8, or nothing at all."""
    named = (environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    said = next(filter(None, named), "UTF-8")
    return "utf8" in said.lower().replace("-", "")


def echo(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print ``text`` as it is but for control characters, on standard output or error."""
    click.echo(harmless(text), err=err, nl=nl)


def dump(value: Any, *, ascii_only: bool = False) -> None:
    """Print ``value`` as JSON. What a terminal might obey, or has no code for, is escaped, so a
    reader gets it whole."""
    text = json.dumps(value, indent=2, ensure_ascii=ascii_only, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2, default=str)
    click.echo(escaped_json(text))
