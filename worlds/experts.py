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
    from worlds._scienceworld import gold

    simplifications = str(options.get("simplifications", "easy"))
    path = gold(scienceworld.jvm(), task, variation, simplifications)
    if simplifications != "easy":
        return [path]
    short = _teleporting(path)
    return [_pruned(short), short, _teleporting(path, waiting=True), path]


def _teleporting(path: tuple[str, ...], *, waiting: bool = False) -> tuple[str, ...]:
    """``path`` with walks replaced by one teleport and a first look at each room; ``waiting`` keeps
    the time a walk took."""
    found: list[str] = []
    seen: set[str] = set()
    target, walked = "", 0

    def arrive(following: str) -> None:
        nonlocal target, walked
        if target:
            found.append(f"teleport to {target}")
            found.extend(["wait1"] * (walked - 1) if waiting else [])
            if not waiting and target not in seen and following != "look around":
                found.append("look around")
            seen.add(target)
        target, walked = "", 0

    for action in path:
        move = re.fullmatch(r"go to (.+)", action)
        if action.startswith("open door to "):
            walked += 1
        elif move and move[1] in _ROOMS:
            target, walked = move[1], walked + 1
        else:
            arrive(action)
            found.append(action)
    arrive("")
    return tuple(found)


def _pruned(path: tuple[str, ...]) -> tuple[str, ...]:
    """``path`` without the visits on which nothing was done but looking: the search of one who did
    not know."""
    visits: list[list[str]] = [[]]
    for action in path:
        if action.startswith("teleport to "):
            visits.append([])
        visits[-1].append(action)
    found, last = list(visits[0]), ""
    for visit in visits[1:]:
        if all(action.startswith(_LOOKS) for action in visit[1:]):
            continue
        again = visit[0] == last
        found += [action for action in visit[again:] if not (again and action == "look around")]
        last = visit[0]
    return tuple(found)


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
    found: list[str] = []
    at = 0
    while at < len(path):
        idle = at
        while idle < len(path) and path[idle].startswith(("move ", "look around")):
            idle += 1
        back = [end for end in range(at + 1, idle + 1) if rooms[end] == rooms[at]]
        if back and path[at].startswith("move "):
            at = back[-1]
            continue
        found.append(path[at])
        at += 1
    return tuple(found)


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
