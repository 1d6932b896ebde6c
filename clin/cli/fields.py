"""Options of the command line from the fields of a configuration, where each is declared once."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin

import click
from pydantic.fields import FieldInfo

from clin.cli.options import Decorator, gathered, option
from clin.options import Options
from clin.spellings import GROUPS, RENAMED, grouped

Made = TypeVar("Made", bound=Options)
METAVARS = {int: "N", float: "X"}


def group(name: str, made: type[Made], only: Sequence[str] = (), **defaults: object) -> Decorator:
    """Give a command the options of a group, or ``only`` some of them, as one argument ``name``.
    ``defaults`` stand in for those of the fields. Older names of them are options too."""
    names = only or list(made.model_fields)
    table = next((table for table, each in GROUPS.items() if each is made), "")
    older = _older(table, names)

    def read(**given: object) -> Made:
        if not table:
            return made.checked(**given)
        fields: dict[str, Any] = {table: {each: given[each] for each in names}}
        fields |= {each: given[each] for each in older}
        return made.checked(**grouped(fields, _spelled).get(table, {}))

    shown = [field(made, each, **_default(defaults, each)) for each in names]
    return gathered(name, read, *shown, *(_older_option(made, each) for each in older))


def field(made: type[Options], name: str, *, group: str = "", **more: Any) -> Decorator:
    """The option of one field; ``group`` is its section where that is not the title of ``made``,
    and ``more`` stands in for what the field says (``default``)."""
    info = made.model_fields[name]
    told = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    spelled = str(told.get("spelled") or f"--{name.replace('_', '-')}")
    wanted: dict[str, Any] = {"default": info.default, "help": info.description} | more
    shown = told.get("shown") if more.get("default") is None else ""
    if shown:
        wanted["help"] += f"  [default: {shown}]"
    else:
        wanted["show_default"] = wanted["default"] not in (None, "")
    kind = _kind(info)
    if kind is bool and wanted["default"] is False:
        wanted |= {"is_flag": True, "show_default": False}
    elif kind is bool:
        spelled = _on_off(spelled)
    elif get_origin(kind) is tuple:
        wanted |= {"multiple": True, "metavar": "FILE", "show_default": False}
    else:
        wanted |= {"type": _type(kind, info, told.get("most")), "metavar": METAVARS.get(kind)}
    return option(spelled, name, group=group or made.title, **wanted)


def _kind(info: FieldInfo) -> Any:
    """The field's type, None left out."""
    kinds = [each for each in get_args(info.annotation) if each is not NoneType]
    whole = get_origin(info.annotation) in (Literal, tuple)
    return info.annotation if whole or not kinds else kinds[0]


def _type(kind: Any, info: FieldInfo, most: Any) -> Any:
    """The type as click has it, with the field's bounds."""
    if get_origin(kind) is Literal:
        return click.Choice(get_args(kind))
    bounds = {
        name: bound
        for each in info.metadata
        for name in ("ge", "gt", "le")
        if (bound := getattr(each, name, None)) is not None
    }
    if kind is int and (bounds or most):
        return click.IntRange(bounds.get("ge"), most or bounds.get("le"))
    if kind is float and bounds:
        least = bounds.get("gt", bounds.get("ge"))
        return click.FloatRange(least, bounds.get("le"), min_open="gt" in bounds)
    return kind


def _default(defaults: dict[str, object], name: str) -> dict[str, Any]:
    return {"default": defaults[name]} if name in defaults else {}


def _older(table: str, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The older names of what is offered, and what each sets."""
    full = {f"{table}.{name}" for name in names}
    return {each: meant for each, meant in RENAMED.items() if full.issuperset(meant)}


def _older_option(made: type[Options], name: str) -> Decorator:
    """An older name: hidden, unless it is short for several."""
    meant = [f"--{each.rpartition('.')[2].replace('_', '-')}" for each in RENAMED[name]]
    return option(
        _on_off(f"--{name.replace('_', '-')}"),
        name,
        group=made.title,
        default=None,
        hidden=len(meant) == 1,
        help=f"{', '.join(meant[:-1])} and {meant[-1]} together.",
    )


def _on_off(spelled: str) -> str:
    return f"{spelled}/--no-{spelled.removeprefix('--')}"


def _spelled(name: str, value: object) -> str:
    option = name.rpartition(".")[2].replace("_", "-")
    return f"--no-{option}" if value is False else f"--{option}"
