"""TextWorld (Côté et al. 2018, arXiv 1806.11532): generated games, and games of one's own.

A game is a Z-machine story, and its interpreter can take the process down. So a child process plays
all open games of this process (:mod:`worlds._host`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from worlds import WorldCrashed, WorldError
from worlds._host import Host, Hosted
from worlds._story import checked_story
from worlds.textworld.cache import generated, version
from worlds.textworld.forms import forms
from worlds.textworld.tasks import FAMILIES, OWN, settings

SCORE = (
    "points 0 to 100 of the game's own maximum; a mistake that ends the game keeps what was gained"
)


@cache
def host() -> Host:
    """The child that plays all TextWorld games of this process."""
    return Host("worlds.textworld.game")


def open(task: str, variation: int, *, seed: int = 0, **options: object) -> TextWorld:
    """One game. ``options`` are those of :data:`worlds.textworld.tasks.FAMILIES`, or ``game``, a
    file of one's own. The variation fixes all else, so ``seed`` changes nothing. A game that is
    not kept yet is made here."""
    if task == OWN:
        return TextWorld(_own(options), 1, forms(task))
    made = settings(task, variation, options)
    path = generated(FAMILIES[task].challenge, made, variation)
    return TextWorld(path, variation + 1, forms(task))


def _own(options: dict[str, Any]) -> Path:
    version()
    path = options.pop("game", None)
    if options:
        raise WorldError(
            f"textworld's {OWN} has no option '{next(iter(options))}' (its option: game)"
        )
    if path is None:
        raise WorldError(
            f"textworld's task '{OWN}' plays a game of yours: --world-option game=PATH.z8 "
            f"(generated ones: --task {', '.join([*FAMILIES][:4])} …)"
        )
    found = checked_story(path)
    if found.suffix != ".z8" or not found.with_suffix(".json").is_file():
        raise WorldError(
            f"'{path}' has no {found.stem}.json beside it, which TextWorld writes with a .z8 game "
            "(`--world jericho` plays a story without)"
        )
    return found


class TextWorld(Hosted):
    """One game. See :class:`worlds.World`."""

    def __init__(self, path: Path, chance: int, templates: tuple[Any, ...]) -> None:
        try:
            super().__init__(host(), {"path": str(path), "chance": chance})
        except WorldCrashed as error:
            raise WorldError(f"'{path}' cannot be played: {error}") from None
        self.templates = templates

    def walkthrough(self) -> tuple[str, ...]:
        """TextWorld's own way to win; empty where it knows none. Never read while acting."""
        return tuple(self.opened["walkthrough"])
