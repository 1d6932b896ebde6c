"""AgentOdyssey's seven games (arXiv 2606.24893): quests, crafting, trade and fights.

Its package claims top-level names and reads files relative to its own folder. So a child process
plays all games of this process (:mod:`worlds._host`), with that folder on its path alone.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from worlds import Task, Template, WorldCrashed, WorldError
from worlds._host import Host, Hosted

SCORE = "points 0 to 100: the stages of the main quest that are done, as a share of all"
GAMES = (*("base", "mark", "metropolis", "quarantine", "remnant", "robot_kingdom", "saltglass"),)
_COUNT = 3000
_BESIDE = ("gymnasium", "termcolor")
"""What its games import, beside the package itself."""
INSTALL = (
    ("agentodyssey", *_BESIDE),
    "pip install 'clin[agentodyssey]', then pip install --no-deps agentodyssey==0.1.0",
)
_FORMS = (
    ("enter PLACE", "walk to a neighboring area; a locked one needs its key in your hands"),
    ("talk to OBJ", "hear what somebody nearby has to say"),
    ("pick up OBJ", "take a thing into your hands, which hold few"),
    ("drop OBJ", "let go of a thing in your hands"),
    ("equip OBJ", "wear or wield a thing in your hands; a bag becomes the inventory"),
    ("store 1 OBJ inventory", "put a thing into the inventory, or name a bag in its place"),
    ("take out OBJ inventory", "take a thing out of the inventory or of a bag"),
    ("inspect OBJ", "read what a thing is and what it serves to craft"),
    ("craft 1 OBJ", "make a thing of ingredients that you have"),
    ('write "words" OBJ', "write on paper in your hands, with a pen in your hands"),
    ("attack OBJ", "strike somebody nearby"),
    ("wait", "let ten minutes pass"),
)


def tasks() -> Sequence[Task]:
    """The seven games. A variation is the seed that places areas, things and people."""
    splits = {"train": range(1000), "dev": range(1000, 2000), "test": range(2000, _COUNT)}
    return [Task(name, _COUNT, splits) for name in GAMES]


@cache
def host() -> Host:
    """The child that plays all games of this process."""
    return Host("worlds.agentodyssey.game")


def open(task: str, variation: int, *, seed: int = 0, **options: object) -> AgentOdyssey:
    """One game. The variation fixes all else, so ``seed`` changes nothing. No options."""
    if options:
        raise WorldError(f"agentodyssey has no option '{next(iter(options))}' (it takes none)")
    return AgentOdyssey(_folder(), task, variation)


def _folder() -> Path:
    """Where the package lies; nothing of it is imported here."""
    found = importlib.util.find_spec("agentodyssey")
    missing = [name for name in _BESIDE if importlib.util.find_spec(name) is None]
    if found is None or found.origin is None or missing:
        raise WorldError(
            f"the package {missing[0] if missing else 'agentodyssey'} is not installed: "
            "`pip install 'clin[agentodyssey]'` and `pip install --no-deps agentodyssey==0.1.0` "
            "(with its declared needs it would bring vLLM and diffusers, which no game asks for)"
        )
    return Path(found.origin).parent


class AgentOdyssey(Hosted):
    """One game. See :class:`worlds.World`."""

    def __init__(self, folder: Path, task: str, variation: int) -> None:
        place = {"folder": str(folder), "name": task, "seed": variation}
        try:
            super().__init__(host(), place)
        except WorldCrashed as error:
            raise WorldError(f"agentodyssey's '{task}' cannot be played: {error}") from None
        self.templates = tuple(Template(form, means) for form, means in _FORMS)

    def verbs(self) -> tuple[str, ...]:
        """The first words of the actions that the game knows; for measures, not for acting."""
        self._going()
        return tuple(self._alive(lambda: self._ask("verbs")))
