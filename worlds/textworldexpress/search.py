"""How a maze is searched that one walks by compass: doors are opened, what was
not seen yet comes first."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import Any

from worlds.textworldexpress.language import shortened

Search = Callable[..., None]

_BACK = {"north": "south", "south": "north", "east": "west", "west": "east"}
_CLOSED = re.compile(r"(North|South|East|West) closed ")


class Explorer:
    """A map that grows: ``ways`` gives each seen room the direction of each exit and where it
    leads, empty while unknown."""

    def __init__(self, walk: Any) -> None:
        self._walk = walk
        self.ways: dict[str, dict[str, str]] = {}
        self._came: tuple[str, str] | None = None

    def next(self) -> str | None:
        """Open a door, or a step towards the nearest exit that nobody went through; None when all
        is seen."""
        told = shortened("look around", self._walk.world.surroundings())
        room, offered = told.partition(":")[0], self._walk.world.actions()
        exits = self.ways.setdefault(room, {})
        for direction in _BACK:
            if f"move {direction}" in offered:
                exits.setdefault(direction, "")
        if self._came:
            before, direction = self._came
            self.ways[before][direction] = room
            exits[_BACK[direction]] = before
        closed = [direction.lower() for direction in _CLOSED.findall(told)]
        doors = [f"open door to {each}" for each in closed if not exits.get(each)]
        if found := next((each for each in doors if each in offered), None):
            self._came = None
            return found
        onward = self._direction(room)
        self._came = (room, onward) if onward else None
        return f"move {onward}" if onward else None

    def lost(self) -> None:
        """The next step is not the one that was asked for, so nobody knows where it leads."""
        self._came = None

    def _direction(self, room: str) -> str | None:
        queue: deque[tuple[str, str]] = deque([(room, "")])
        seen = {room}
        while queue:
            here, first = queue.popleft()
            for direction, other in self.ways[here].items():
                if not other:
                    return first or direction
                if other not in seen and other in self.ways:
                    seen.add(other)
                    queue.append((other, first or direction))
        return None


def explore(
    walk: Any,
    path: Sequence[str],
    helps: Sequence[tuple[str, str]],
    fails: Collection[str],
    *,
    budget: int,
    slip: float,
    astray: Callable[[Any], str] | None = None,
) -> None:
    """Look everywhere for what ``path`` ends with, whatever a memory says; with the chance ``slip``
    a step goes anywhere, which is not imitated."""
    found, aim = Explorer(walk), path[-1]
    while not walk.done and len(walk.steps) < budget:
        offered = walk.world.actions()
        if aim in offered:
            walk.do(aim, True)
            continue
        action = found.next()
        if action is None:
            return
        wrong = [each for each in offered if each.startswith("move ") and each != action]
        if wrong and walk.random.random() < slip:
            found.lost()
            walk.do(walk.random.choice(wrong), False)
            continue
        walk.do(action, True)
