"""Trials as files: those that others recorded come in, ours go out. The file name is the registry:
``tales.py`` is ``--format tales``.

A format that comes in has ``MARKS``, the keys of its objects that tell it from the others, and
``read``, from the objects of a file to trials. One that goes out has ``ENDING``, that of the file's
name, and ``write``, from a run to a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clin.errors import UserError
from clin.trajectories._objects import Found, objects
from memory.spelling import did_you_mean
from memory.store import Store
from memory.trials import Ending


@dataclass(frozen=True)
class GivenStep:
    """A step that others recorded; ``score`` in points of 100 after it, None: not said.
    ``actions`` were admissible before it, None: not said."""

    action: str
    observation: str
    score: float | None = None
    actions: frozenset[str] | None = None


@dataclass(frozen=True)
class Given:
    """A trial that others recorded, with the place as they name it. ``ending`` None: it follows
    from the score. ``success``: the outcome, where no score says it. ``left_out`` counts what was
    recorded and is no step."""

    world: str
    task: str
    variation: int
    goal: str
    opening: str
    steps: tuple[GivenStep, ...]
    ending: Ending | None = None
    success: bool | None = None
    options: dict[str, Any] = field(default_factory=dict)
    left_out: int = 0

    @property
    def place(self) -> tuple[object, ...]:
        """Trials of one run have this in common."""
        options = tuple(sorted(self.options.items()))
        return self.world, self.task, self.variation, self.goal, options


def readers() -> list[str]:
    """The formats that come in."""
    return [name for name in _names() if hasattr(_module(name), "read")]


def writers() -> list[str]:
    """The formats that go out."""
    return [name for name in _names() if hasattr(_module(name), "write")]


def read(path: Path, form: str = "", **known: Any) -> list[Given]:
    """The trials of a file, oldest first, in the format ``form``; without one its first object
    tells. What is ``known`` of their place takes the place of what the file says. UserError names
    the line that is wrong."""
    found = objects(path)
    module = _module(checked(form, readers()) if form else _form_of(path, found[0]))
    trials: list[Given] = module.read(path, found)
    return [replace(each, **known) for each in trials]


def writer(form: str, path: Path) -> Callable[[Store, str, Path], int]:
    """What writes the format ``form``; without one that of the ending of ``path``, of several the
    first. UserError where the two do not fit."""
    endings = {name: str(_module(name).ENDING) for name in writers()}
    name = checked(form, writers()) if form else _written_to(path, endings)
    if path.suffix != endings[name]:
        raise UserError(f"'{path}' does not end with {endings[name]}, as a file of {name} does")
    write: Callable[[Store, str, Path], int] = _module(name).write
    return write


def _written_to(path: Path, endings: Mapping[str, str]) -> str:
    for name, ending in endings.items():
        if path.suffix == ending:
            return name
    told = ", ".join(dict.fromkeys(endings.values()))
    raise UserError(f"'{path}' has no ending of a file of trials ({told})")


def checked(name: str, names: list[str]) -> str:
    """``name``; UserError with the nearest match where it is none of ``names``."""
    if name not in names:
        raise UserError(
            f"no format '{name}'{did_you_mean(name, names)} (formats: {', '.join(names)})"
        )
    return name


def _form_of(path: Path, first: Found) -> str:
    for name in readers():
        if first.value.keys() >= _module(name).MARKS:
            return name
    raise UserError(
        f"'{path}', line {first.line}: this is no trial of a format that is known "
        f"(formats: {', '.join(readers())})"
    )


def _names() -> list[str]:
    return sorted(
        module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")
    )


def _module(name: str) -> Any:
    return importlib.import_module(f"{__name__}.{name}")
