"""Options that several commands share, and commands that list theirs in groups."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from clin.errors import UserError

DATABASE = "clin.db"
OTHERS = "Other"
"""The group of options that name none."""

Command = Callable[..., object]
Decorator = Callable[[Command], Command]


class Grouped(click.Option):
    """An option that belongs to a ``group``, its heading in ``--help``."""

    def __init__(self, *given: Any, group: str = OTHERS, **more: Any) -> None:
        super().__init__(*given, **more)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose ``--help`` has a section for each group, in the order of their first
    options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = None if isinstance(param, click.Argument) else param.get_help_record(ctx)
            if record is not None:
                sections.setdefault(getattr(param, "group", OTHERS), []).append(record)
        for group, records in sections.items():
            with formatter.section(group):
                formatter.write_dl(records)


class CommandGroup(click.Group):
    """A group that lists its commands with what each does in full."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, each.get_short_help_str(limit=200)) for name, each in commands if each]
            )


def option(*given: str, group: str, **more: Any) -> Decorator:
    """As ``click.option``, in a ``group``."""
    return click.option(*given, cls=Grouped, group=group, **more)


def folder(name: str, group: str, told: str) -> Decorator:
    """A folder that must be named."""
    kind = click.Path(path_type=Path, file_okay=False)
    return option(name, group=group, type=kind, required=True, help=told)


def number(name: str, group: str, default: int | None, least: int, told: str) -> Decorator:
    """A whole number of ``least`` or more."""
    return option(
        name,
        group=group,
        default=default,
        show_default=default is not None,
        type=click.IntRange(least),
        metavar="N",
        help=told,
    )


def words(name: str, group: str, default: str, told: str) -> Decorator:
    """Several words, by commas; the command is given a list."""

    def split(ctx: click.Context, param: click.Parameter, given: str) -> list[str]:
        return [each.strip() for each in given.split(",") if each.strip()]

    return option(
        name,
        group=group,
        default=default,
        show_default=bool(default),
        metavar="WORDS",
        callback=split,
        help=told,
    )


def gathered(name: str, made: Callable[..., object], *options: Decorator) -> Decorator:
    """Give a command what its ``options`` say as one argument ``name``: ``made`` of their values,
    by name."""

    def decorated(command: Command) -> Command:
        def holder() -> None:
            """Holds the options until they are moved to the command."""

        for each in reversed(options):
            each(holder)
        params: list[click.Parameter] = holder.__dict__["__click_params__"]
        names = [str(param.name) for param in params]

        @functools.wraps(command)
        def called(**given: Any) -> object:
            mine = {each: given.pop(each) for each in names}
            return command(**given, **{name: made(**mine)})

        before = command.__dict__.get("__click_params__", [])
        called.__dict__["__click_params__"] = [*before, *params]
        return called

    return decorated


def database(command: Command) -> Command:
    """``--db FILE``."""
    return option(
        "--db",
        group="Output",
        type=click.Path(path_type=Path),
        default=DATABASE,
        show_default=True,
        envvar="CLIN_DB",
        help="The SQLite file that holds runs and memories.",
    )(command)


def allow_host(command: Command) -> Command:
    """``--allow-host HOST``, as the hosts that the user's key may go to."""

    def named(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> frozenset[str]:
        from clin.llms.addresses import allowed_hosts

        return allowed_hosts(given)

    return option(
        "--allow-host",
        "allowed",
        group="Model",
        multiple=True,
        metavar="HOST",
        callback=named,
        help="Send OPENAI_API_KEY to endpoints on HOST, which a file or a stored run names; may be "
        "given several times, or in CLIN_ALLOW_HOSTS.",
    )(command)


def as_json(command: Command) -> Command:
    """``--json``."""
    return option(
        "--json", "as_json", group="Output", is_flag=True, help="Print JSON instead of words."
    )(command)


def existing(db: Path) -> Path:
    """``db`` if there is such a file; reading commands never create one."""
    if not db.exists():
        found = sorted(
            path.name for path in (db.parent if db.parent.is_dir() else Path()).glob("*.db")
        )
        here = f" (there is: {', '.join(found)})" if found else ""
        raise UserError(f"no database '{db}'{here}; `clin run` makes one, --db FILE names another")
    return db


def world_options(command: Command) -> Command:
    """``--world-option NAME=VALUE``, as a mapping."""
    return option(
        "--world-option",
        "world_options",
        group="Run",
        multiple=True,
        metavar="NAME=VALUE",
        callback=_named_values,
        help="An option of the world, such as rules=3; may be given several times.",
    )(command)


def _named_values(
    ctx: click.Context, param: click.Parameter, given: tuple[str, ...]
) -> dict[str, int | str]:
    found: dict[str, int | str] = {}
    for each in given:
        name, sign, value = each.partition("=")
        if not sign or not name:
            raise UserError(f"'{each}' is not of the form NAME=VALUE")
        found[name] = int(value) if value.isdecimal() else value
    return found


def numbers(text: str) -> list[int]:
    """``3``, ``3,5`` or ``0-9`` as numbers, each once; UserError for anything else."""
    found: dict[int, None] = {}
    for part in text.split(","):
        span = re.fullmatch(r"\s*(\d{1,6})(?:\s*-\s*(\d{1,6}))?\s*", part)
        if not span or int(span[2] or span[1]) < int(span[1]):
            raise UserError(
                f"'{text}' is not a variation, a list or a span of them (as in 7, 3,5 or 0-9)"
            )
        found.update(dict.fromkeys(range(int(span[1]), int(span[2] or span[1]) + 1)))
    return list(found)


after_trial = click.option(
    "--trial",
    type=click.IntRange(-1),
    default=None,
    help="The memory after this trial; -1: what the run began with.  [default: the last]",
)
