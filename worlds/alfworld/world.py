"""ALFWorld's household games (arXiv 2010.03768), of a user's download.

The planner under them is a C++ library that ends its process where a game is wrong. So a child
process plays all games of this process (:mod:`worlds._host`).
"""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from typing import Any

from worlds import Template, WorldCrashed, WorldError
from worlds._host import Host, Hosted
from worlds.alfworld.data import folder, found_game, read_game

SCORE = "100 points where the task is done, else 0: ALFWorld gives nothing for a part of it"
_PACKAGES = {
    "alfworld": "alfworld",
    "textworld": "textworld",
    "fast-downward-textworld": "fast_downward",
}
"""What its games need, and the modules in it."""
INSTALL = (tuple(_PACKAGES), "pip install 'clin[alfworld]'")
_NEWEST = (3, 12)
"""TextWorld 1.7.0 cannot read these games under a newer Python (microsoft/TextWorld, pull request
372)."""
_FORMS = (
    ("look", "tell where you stand"),
    ("inventory", "tell what you hold"),
    ("go to PLACE", "walk to a piece of furniture and see what is on it"),
    ("open PLACE", "open it and see what is in it"),
    ("close PLACE", "close it"),
    ("take OBJ from PLACE", "pick a thing up; you can hold one"),
    ("heat OBJ with PLACE", "heat what you hold, at a microwave"),
    ("cool OBJ with PLACE", "cool what you hold, at a fridge"),
    ("clean OBJ with PLACE", "clean what you hold, at a sinkbasin"),
    ("use OBJ", "switch a lamp on"),
    ("slice OBJ with OBJ", "cut a thing with the knife that you hold"),
    ("examine OBJ", "look closely at a thing or a piece of furniture"),
    ("help", "list the forms of action"),
)
_OLD = '"put {o} in/on {r}"'
"""How a grammar of before version 0.4.0 begins the form that the newer ones call "move"."""
_PUTTING = "lay what you hold in it or on it"


@cache
def host() -> Host:
    """The child that plays all ALFWorld games of this process."""
    return Host("worlds.alfworld.game")


def open(task: str, variation: int, *, seed: int = 0, **options: object) -> AlfWorld:
    """One game. Its option is ``data``, the folder of the download. The variation fixes all else,
    so ``seed`` changes nothing."""
    data = options.pop("data", None)
    if options:
        raise WorldError(f"alfworld has no option '{next(iter(options))}' (its option: data)")
    _check_installed()
    found = folder(data)
    return AlfWorld(found_game(found, task, variation), found)


def _check_installed() -> None:
    if sys.version_info[:2] > _NEWEST:
        raise WorldError(
            f"ALFWorld's games need Python {'.'.join(map(str, _NEWEST))} or older: TextWorld "
            "1.7.0 cannot read them under a newer one"
        )
    missing = [name for name, top in _PACKAGES.items() if importlib.util.find_spec(top) is None]
    if missing:
        raise WorldError(
            f"the package {missing[0]} is not installed: `pip install 'clin[alfworld]'` (it "
            "compiles a planner, some minutes)"
        )


class AlfWorld(Hosted):
    """One game. See :class:`worlds.World`."""

    def __init__(self, path: Path, data: Path) -> None:
        told = read_game(path)
        try:
            super().__init__(host(), {"path": str(path), "data": str(data)})
        except WorldCrashed as error:
            raise WorldError(f"'{path}' cannot be played: {error}") from None
        self.templates = _forms(told)


def _forms(told: dict[str, Any]) -> tuple[Template, ...]:
    """The forms of action, with the one for laying a thing down as the game's grammar has it."""
    put = "put OBJ in/on PLACE" if _OLD in told["grammar"] else "move OBJ to PLACE"
    forms = (*_FORMS[:6], (put, _PUTTING), *_FORMS[6:])
    return tuple(Template(form, means) for form, means in forms)
