"""Expert paths, for imitation while a model is trained; nothing that acts or writes memories may
read them.

ScienceWorld's and TextWorldExpress's are the simulators' own, ``causal``'s is its shortest plan.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from worlds import WorldError, open_world

_ROOMS = frozenset(
    (
        "kitchen",
        "bathroom",
        "bedroom",
        "hallway",
        "living room",
        "art studio",
        "workshop",
        "greenhouse",
        "outside",
        "foundry",
    )
)
_LOOKS = ("look around", "open ")


def expert(world: str, task: str, variation: int, **options: Any) -> list[tuple[str, ...]]:
    """Paths to try, the most instructive first; some may fail where the simulator's own path relies
    on chance or on waiting. WorldError for a world that has no expert."""
    if world not in _EXPERTS:
        raise WorldError(
            f"{world} has no expert path (worlds that have one: {', '.join(_EXPERTS)})"
        )
    return list(dict.fromkeys(_EXPERTS[world](task, variation, options)))


def _scienceworld(task: str, variation: int, options: dict[str, Any]) -> list[tuple[str, ...]]:
    from worlds import scienceworld
    from worlds.scienceworld.simulator import gold

    simplifications = str(options.get("simplifications", "easy"))
    path = gold(scienceworld.jvm(), task, variation, simplifications)
    if simplifications != "easy":
        return [path]
    short = _teleporting(path)
    return [_pruned(short), short, _teleporting(path, waiting=True), path]


def _teleporting(path: tuple[str, ...], *, waiting: bool = False) -> tuple[str, ...]:
    """``path`` with walks replaced by one teleport and a first look at each room; ``waiting`` keeps
    the time a walk took."""
    short: list[str] = []
    visited: set[str] = set()
    target, walked = "", 0
    for action in (*path, ""):
        room = _room_of_walk(action)
        if room or action.startswith("open door to "):
            target, walked = room or target, walked + 1
            continue
        if target:
            short.append(f"teleport to {target}")
            if waiting:
                short += ["wait1"] * (walked - 1)
            elif target not in visited and action != "look around":
                short.append("look around")
            visited.add(target)
        target, walked = "", 0
        if action:
            short.append(action)
    return tuple(short)


def _room_of_walk(action: str) -> str:
    """The room that ``action`` goes to, or an empty string."""
    room = action.removeprefix("go to ")
    return room if room != action and room in _ROOMS else ""


def _pruned(path: tuple[str, ...]) -> tuple[str, ...]:
    """``path`` without the visits on which nothing was done but looking: the search of one who did
    not know."""
    visits: list[list[str]] = [[]]
    for action in path:
        if action.startswith("teleport to "):
            visits.append([])
        visits[-1].append(action)
    kept, last = list(visits[0]), ""
    for arrival, *actions in visits[1:]:
        if all(action.startswith(_LOOKS) for action in actions):
            continue
        if arrival == last:
            kept += [action for action in actions if action != "look around"]
        else:
            kept += [arrival, *actions]
        last = arrival
    return tuple(kept)


def _textworldexpress(task: str, variation: int, options: dict[str, Any]) -> list[tuple[str, ...]]:
    from worlds.textworldexpress import TextWorldExpress

    game = open_world("textworldexpress", task, variation, **options)
    assert isinstance(game, TextWorldExpress)
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


def _causal(task: str, variation: int, options: dict[str, Any]) -> list[tuple[str, ...]]:
    from worlds.causal import Causal

    world = open_world("causal", task, variation, **options)
    assert isinstance(world, Causal)
    try:
        return [world.plan()]
    finally:
        world.close()


_EXPERTS: dict[str, Callable[[str, int, dict[str, Any]], list[tuple[str, ...]]]] = {
    "scienceworld": _scienceworld,
    "textworldexpress": _textworldexpress,
    "causal": _causal,
}
