"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from clin.errors import UserError

DATABASE = "clin.db"

Command = Callable[..., object]


def database(command: Command) -> Command:
    """``--db FILE``."""
    return click.option(
        "--db", type=click.Path(path_type=Path), default=DATABASE, show_default=True, envvar="CLIN_DB",
        help="The SQLite file that holds runs and memories.",
    )(command)


def as_json(command: Command) -> Command:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of words.")(command)


def existing(db: Path) -> Path:
    """``db`` if there is such a file; reading commands never create one."""
    if not db.exists():
        found = sorted(path.name for path in (db.parent if db.parent.is_dir() else Path()).glob("*.db"))
        here = f" (there is: {', '.join(found)})" if found else ""
        raise UserError(f"no database '{db}'{here}; `clin run` makes one, --db FILE names another")
    return db
