"""Drawing a memory's graph. The file name is the registry: ``dot.py`` is ``--format dot``. It has
``written``, from a graph to the text of a file, and ``ENDING``, that of the file's name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from clin.errors import UserError
from memory.graph import Graph
from memory.spelling import did_you_mean


def format_names() -> list[str]:
    """The formats, sorted; modules that begin with an underscore are none."""
    return sorted(
        module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")
    )


def open_format(name: str) -> Callable[[Graph], str]:
    """What writes ``name``; UserError with the nearest match for a format that does not exist."""
    names = format_names()
    if name not in names:
        raise UserError(
            f"no format '{name}'{did_you_mean(name, names)} (formats: {', '.join(names)})"
        )
    write: Callable[[Graph], str] = _module(name).written
    return write


def format_of(path: Path) -> str:
    """The format that the ending of ``path`` names; UserError says which endings there are."""
    endings = {_module(name).ENDING: name for name in format_names()}
    if path.suffix not in endings:
        raise UserError(
            f"'{path}' has no ending of a drawing ({', '.join(endings)}); --format names one"
        )
    return str(endings[path.suffix])


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name}")
