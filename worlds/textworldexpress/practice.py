"""How TextWorldExpress is practised while a model is trained (see ``clin/distill/practice.py``):
expert paths, wrong turns and how its maze is searched. Nothing that acts or writes memories may
read this."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from worlds import WorldError
from worlds.textworldexpress.search import Search, explore
from worlds.textworldexpress.world import open as open_game

share = 0.18
look = "look around"
harmless = ("look", "examine", "open", "inventory", "read", "task")
favoured = ("look", "take")
not_weighted = ("take",)
commands = frozenset(["put", "take"])

_OBJECT_MATTERS = re.compile(r"^(?:cook|slice|dice|chop|put|take|move .+ to) ?")
"""The last for links alone: "move north DOES NOT CONTRIBUTE to …"."""
_BACK = {"north": "south", "south": "north", "east": "west", "west": "east"}


def object_matters(action: str) -> str:
    found = _OBJECT_MATTERS.match(action)
    if not found:
        return ""
    return "move" if action.startswith("move ") else found[0].strip()


def way_back(move: str) -> str:
    verb, _, direction = move.partition(" ")
    return f"move {_BACK[direction]}" if verb == "move" and direction in _BACK else ""


def search(task: str) -> Search | None:
    return explore if task == "coin" else None


def paths(task: str, variation: int, options: dict[str, Any]) -> list[tuple[str, ...]]:
    game = open_game(task, variation, **options)
    try:
        path = game.gold()
        rooms = [game.reset().text]
        for action in path:
            rooms.append(game.step(action).text)
        return [_unwound(path, rooms), path]
    except WorldError:  # the simulator's own path may go on after the end
        return [path]
    finally:
        game.close()


def _unwound(path: Sequence[str], seen: Sequence[str]) -> tuple[str, ...]:
    """``path`` without the walks that only came back to where they began: the simulator's expert
    strolls about. ``seen`` is what was seen before each action and after the last."""
    room, rooms = "", []
    for text in seen:
        described = re.match(r"You are in the ([\w ]+)\.", text)
        room = described[1] if described else room
        rooms.append(room)
    kept: list[str] = []
    at = 0
    while at < len(path):
        end = at
        while end < len(path) and path[end].startswith(("move ", "look around")):
            end += 1
        returns = [later for later in range(at + 1, end + 1) if rooms[later] == rooms[at]]
        if returns and path[at].startswith("move "):
            at = returns[-1]
            continue
        kept.append(path[at])
        at += 1
    return tuple(kept)
