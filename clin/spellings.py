"""Options as they were spelled before they stood in groups.

Stored runs, experiment files and the command line may say ``heed = true`` or ``lanes = 4`` beside
the tables ``[exploration]`` and ``[engine]``: :func:`grouped` reads both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from clin.errors import UserError
from clin.options import Engine, Exploration, Options, Prompting, Sampling

GROUPS: dict[str, type[Options]] = {
    "exploration": Exploration,
    "engine": Engine,
    "sampling": Sampling,
    "prompting": Prompting,
}
RENAMED: dict[str, tuple[str, ...]] = {
    "heed": ("exploration.memory_mask",),
    "go_back": ("exploration.risk_mask", "exploration.novelty", "exploration.return_to_best"),
    "read_elsewhere": ("read_unconfirmed",),
}
"""Names that options had, and what each sets now."""
RETIRED: dict[str, Any] = {"test_steps": 0}
"""Options that are no more, and the value with which they did nothing. A stored run that had
another can be read and not continued: what it did then cannot be done again."""
MEANT: dict[str, tuple[str, ...]] = RENAMED | {
    name: (f"{group}.{name}",) for group, options in GROUPS.items() for name in options.model_fields
}
"""Every name that an option may have outside its group."""


def grouped(
    fields: Mapping[str, Any], spelled: Callable[[str, Any], str] | None = None
) -> dict[str, Any]:
    """``fields`` with each option in its group and under its name of now. An option that is None
    was not given. UserError, with names as ``spelled`` gives them, where two spellings of one
    option differ."""
    spelled = spelled or _in_a_file
    found: dict[str, Any] = {}
    givens: dict[str, str] = {}  # by an option's full name, the one that it was given under
    for given, value in _flat(fields):
        for name in MEANT.get(given, (given,)):
            if name in found and found[name] != value:
                one, other = spelled(givens[name], found[name]), spelled(given, value)
                raise UserError(f"{one} and {other} contradict each other; give one of them")
            found[name], givens[name] = value, given
    nested: dict[str, Any] = {}
    for name, value in found.items():
        last = name.rpartition(".")[2]
        if last in RETIRED:
            if value != RETIRED[last]:
                nested.setdefault("retired", {})[last] = value
            continue
        group, dot, option = name.partition(".")
        if dot:
            nested.setdefault(group, {})[option] = value
        else:
            nested[name] = value
    return nested


def _flat(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every field by name, those in groups as ``group.option``; options without those that are
    None."""
    for name, value in fields.items():
        if name in GROUPS and isinstance(value, Mapping | BaseModel):
            for option, each in dict(value).items():
                if each is not None:
                    yield f"{name}.{option}", each
        elif value is not None or name not in MEANT:
            yield name, value


def _in_a_file(name: str, value: Any) -> str:
    told = str(value).lower() if isinstance(value, bool) else repr(value)
    return f"{name} = {told}"
