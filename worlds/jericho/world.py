"""Any Z-machine story, through Jericho (Hausknecht et al. 2020, arXiv 1909.05398).

Jericho's interpreter is a C library that may take its process down. So a child process plays all
stories of this process (:mod:`worlds._host`).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cache

from worlds import Task, Template, WorldCrashed, WorldError
from worlds._host import Host, Restorable
from worlds._story import checked_story

SCORE = "points 0 to 100 of the story's own maximum; 0 throughout where it counts none"
STORY = "story"
_COUNT = 1000
_FORMS = (
    ("look", "describe the place"),
    ("inventory", "list what you hold"),
    ("north", "walk; also south, east, west, up, down, in, out"),
    ("examine OBJ", "look closely at a thing"),
    ("take OBJ", "pick a thing up"),
    ("open OBJ", "open a door or a container"),
    ("wait", "let time pass"),
)


def tasks() -> Sequence[Task]:
    """The one story that is named. A variation seeds what is left to chance in it: half is train, a
    quarter dev."""
    splits = {"train": range(500), "dev": range(500, 750), "test": range(750, _COUNT)}
    return (Task(STORY, _COUNT, splits),)


@cache
def host() -> Host:
    """The child that plays all stories of this process."""
    return Host("worlds.jericho.game")


def open(task: str, variation: int, *, seed: int = 0, **options: object) -> Jericho:
    """The story of the option ``game``, a path. The variation fixes all else, so ``seed`` changes
    nothing."""
    if importlib.util.find_spec("jericho") is None:
        raise WorldError("the package jericho is not installed: `pip install 'clin[jericho]'`")
    path = options.pop("game", None)
    if options:
        raise WorldError(f"jericho has no option '{next(iter(options))}' (its option: game)")
    if path is None:
        raise WorldError("jericho plays a story of yours: --world-option game=PATH.z5")
    return Jericho(str(path), variation + 1)


class Jericho(Restorable):
    """One story. See :class:`worlds.World`; it can go back by state too."""

    def __init__(self, path: str, chance: int) -> None:
        story = checked_story(path)
        place = {"path": str(story), "chance": chance, "name": story.stem}
        try:
            super().__init__(host(), place)
        except WorldCrashed as error:
            raise WorldError(f"'{path}' cannot be played: {error}") from None
        self.templates = tuple(Template(form, means) for form, means in _FORMS)
