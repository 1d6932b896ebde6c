"""How TextWorld is practised while a model is trained (see ``clin/distill/practice.py``): its own
way to win, and wrong turns. Nothing that acts or writes memories may read this."""

from __future__ import annotations

import re
from typing import Any

from worlds.textworld.world import open as open_game

share = 0.1
look = "look"
harmless = ("examine", "look", "inventory")
favoured = ("take", "open", "go")
fatal = ("cook", "slice", "dice", "chop", "eat")
two_things = ("put", "insert", "unlock")
not_weighted = ("take",)
commands = frozenset(["put", "insert", "take", "with", "into", "cook", "slice", "dice", "chop"])

_OBJECT_MATTERS = re.compile(r"^(?:cook|slice|dice|chop|eat|put|insert|take|unlock)\b")
_BACK = {"north": "south", "south": "north", "east": "west", "west": "east"}


def object_matters(action: str) -> str:
    found = _OBJECT_MATTERS.match(action)
    return found[0] if found else ""


def way_back(move: str) -> str:
    back = _BACK.get(move.removeprefix("go "))
    return f"go {back}" if back else ""


def paths(task: str, variation: int, options: dict[str, Any]) -> list[tuple[str, ...]]:
    game = open_game(task, variation, **options)
    try:
        return [game.walkthrough()]
    finally:
        game.close()
