"""How one acts who does not know where things lie, which key fits and which tool mends: the search
that a model imitates.

An expert's path goes straight to what nobody can know in a first trial, so a model that imitates it
learns to guess. Here the world is searched room by room; things are tried on each other,
none twice; and what a memory says is believed: what failed is not tried again, what helped is tried
first, the place that it names is visited first. What a goal is made of (which substances a product
takes) is still the expert's knowledge.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from worlds.causal.language import destination, room, tried_on
from worlds.causal.physics import KEYS, STARTERS, TOOLS

Searching = Callable[..., None]

_PICK, _OPEN, _GO, _ACTIVATE = "pick up ", "open ", "go to ", "activate "
_HELD = re.compile(r"In your hands you have: (?P<things>.*)\.$")
_LOCKED_OR_THING = re.compile(
    r"\ta (?:(?P<door>\w+ door) to the (?P<to>\w+) \(that is locked\)|(?P<thing>[\w ]+))"
)
_MOVE = re.compile(r"move (?P<thing>.+) to (?P<device>\w+)$")
LONGEST_ASTRAY = 8
SLIPS = ("look around", "inventory", "wait")


class Map:
    """What has been seen: the ways of each room, where things lie, and behind which rooms' doors a
    key is needed."""

    def __init__(self) -> None:
        self.ways: dict[str, list[str]] = {}
        self.things: dict[str, str] = {}
        """Where each thing or device was first seen."""
        self.locked: dict[str, str] = {}

    def look(self, seen: str, offered: Sequence[str]) -> str:
        """Remember what the room shows; returns its name."""
        here = room(seen)
        self.ways[here] = [action.removeprefix(_GO) for action in offered if action.startswith(_GO)]
        for line in seen.splitlines():
            shown = _LOCKED_OR_THING.match(line)
            if shown and shown["door"]:
                self.locked[shown["door"]] = here
            elif shown:
                self.things.setdefault(shown["thing"].strip(), here)
        for door, where in list(self.locked.items()):
            still_locked = f"{door} to the" in seen and "locked" in seen
            if where == here and not still_locked:
                del self.locked[door]
        return here

    def unseen(self) -> Iterator[str]:
        """Rooms that ways lead to and that nobody has been in."""
        for ways in list(self.ways.values()):
            yield from (other for other in ways if other not in self.ways)

    def towards(self, start: str, goals: Collection[str]) -> str | None:
        """The first room on the shortest known way to one of ``goals``; None where no way is
        known."""
        queue, came = deque([start]), {start: ""}
        while queue:
            here = queue.popleft()
            if here in goals and here != start:
                while came[here] != start:
                    here = came[here]
                return here
            for other in self.ways.get(here, ()):
                if other not in came:
                    came[other] = here
                    queue.append(other)
        return None


class Search:
    """A search for the deeds of ``path`` in a world that is being walked (a
    :class:`clin.distill.playing.Walk`), with what a memory says: which causes ``help`` to which
    effects, and which ``fail``."""

    def __init__(
        self,
        walk: Any,
        path: Sequence[str],
        helps: Sequence[tuple[str, str]],
        fails: Collection[str],
    ) -> None:
        self._walk = walk
        self._left = [action for action in path if not action.startswith(_GO)]
        # In the memory's order: what is tried first must not depend on how strings are hashed.
        self._helps = list(dict.fromkeys(cause for cause, _ in helps))
        self._fails = set(fails)
        self._hints = [
            (destination(cause), effect) for cause, effect in helps if cause.startswith(_GO)
        ]
        self._tried: set[str] = set()
        self._map = Map()

    def next(self) -> str | None:
        """The next action; None when nothing is left that could be tried."""
        offered = self._walk.world.actions()
        seen = self._walk.world.surroundings()
        here = self._map.look(seen, offered)
        deed = self._deed(offered) or self._curious(offered)
        return deed or self._way(here, _held(seen))

    def did(self, action: str) -> None:
        """Remember what was done."""
        if action in self._left:
            self._left.remove(action)
            on = tried_on(action)
            # A device that was mended may now be started.
            self._tried = {tried for tried in self._tried if tried_on(tried) != on}
        elif tried_on(action):
            self._tried.add(action)

    def _deed(self, offered: Sequence[str]) -> str | None:
        """A deed that can be done here, or a trial of what might be one."""
        for deed in self._left:
            if on := tried_on(deed):
                if trial := self._trial(on, offered):
                    return trial
            elif deed in offered and not self._too_early(deed):
                return deed
        targets = {tried_on(action) for action in offered}
        for door in sorted(on for on in targets if on.endswith(" door")):
            if trial := self._trial(door, offered):
                return trial
        return None

    def _known(self, on: str) -> list[str]:
        """What the memory says to do with ``on``, as far as it is left to do."""
        return [cause for cause in self._helps if tried_on(cause) == on and cause in self._left]

    def _promising(self, action: str) -> bool:
        """Whether ``action`` was neither tried in vain nor said to fail."""
        return action not in self._tried and action not in self._fails

    def _trial(self, on: str, offered: Collection[str]) -> str | None:
        """What to try on a door or device: what is known to help, else anything that was not tried
        yet."""
        if known := self._known(on):
            return next((action for action in known if action in offered), None)
        on_it = [action for action in offered if tried_on(action) == on]
        untried = [action for action in on_it if self._promising(action)]
        return self._walk.random.choice(untried) if untried else None

    def _too_early(self, deed: str) -> bool:
        """Whether something about the same device comes first."""
        if deed == "wait":
            device = "planter"
        elif deed.startswith(_ACTIVATE):
            device = deed.removeprefix(_ACTIVATE)
        else:
            return False
        return any(other.endswith(f" {device}") and other != deed for other in self._left)

    def _curious(self, offered: Sequence[str]) -> str | None:
        """Closed things are opened; keys are taken, and tools where something must be mended or
        started."""
        wanted = set(KEYS)
        if any(deed.startswith("use ") for deed in self._left):
            wanted.update(TOOLS, STARTERS)
        for action in offered:
            takes = action.startswith(_PICK) and action.removeprefix(_PICK) in wanted
            if takes or action.startswith(_OPEN):
                return action
        return None

    def _way(self, here: str, held: set[str]) -> str | None:
        """A step towards where something can be done, else to what the memory names, else to what
        was not seen yet."""
        for goals in (self._useful(held), self._named(), self._map.unseen()):
            if step := self._map.towards(here, set(goals)):
                return f"{_GO}{step}"
        return None

    def _useful(self, held: set[str]) -> Iterator[str]:
        """Rooms in which something that is left can be done or tried with what is held."""
        for deed in self._left:
            target = self._target(deed, held)
            if target in self._map.things:
                yield self._map.things[target]
        for door, where in self._map.locked.items():
            if any(self._open(f"unlock {door} with {key}") for key in held & {*KEYS}):
                yield where

    def _target(self, deed: str, held: set[str]) -> str:
        """The thing where ``deed`` can be done with what is held; empty where it cannot be yet."""
        if on := tried_on(deed):
            tools = held & {*TOOLS, *STARTERS}
            return on if any(self._open(f"use {tool} on {on}") for tool in tools) else ""
        if moved := _MOVE.match(deed):
            return moved["device"] if moved["thing"] in held else ""
        if deed.startswith(_ACTIVATE):
            return "" if self._too_early(deed) else deed.removeprefix(_ACTIVATE)
        return deed.removeprefix(_PICK) if deed.startswith(_PICK) else ""

    def _open(self, action: str) -> bool:
        """Whether ``action`` is worth a way."""
        known = self._known(tried_on(action))
        return action in known if known else self._promising(action)

    def _named(self) -> Iterator[str]:
        """Rooms that the memory names for something that is left, and that were not seen in this
        trial."""
        left = " ".join(self._left)
        for place, effect in self._hints:
            if place not in self._map.ways and effect.removeprefix("find ") in left:
                yield place


def _held(seen: str) -> set[str]:
    """What is held, without articles."""
    held = _HELD.search(seen)
    return {thing.removeprefix("a ") for thing in held["things"].split(", ")} if held else set()


def search(
    walk: Any,
    path: Sequence[str],
    helps: Sequence[tuple[str, str]],
    fails: Collection[str],
    *,
    budget: int,
    slip: float,
    astray: Callable[[Any], str] | None = None,
) -> None:
    """Search for at most ``budget`` steps. With the chance ``slip`` a step is idle or repeats what
    failed, or ``astray`` decides some steps; none of these is imitated."""
    searching = Search(walk, path, helps, fails)
    walk.do("look around", True)
    while not walk.done and len(walk.steps) < budget:
        if walk.random.random() < slip and astray:
            _stray(walk, searching, astray)
        elif walk.random.random() < slip:
            _slip(walk)
        else:
            action = searching.next()
            if action is None:
                return
            searching.did(action)
            walk.do(action, True)


def _stray(walk: Any, searching: Search, astray: Callable[[Any], str]) -> None:
    for _ in range(walk.random.randint(1, LONGEST_ASTRAY)):
        if not walk.done:
            action = astray(walk)
            searching.did(action)
            walk.do(action, False)


def _slip(walk: Any) -> None:
    """An idle step, or once more what was tried just now."""
    last = [step.action for step in walk.steps[-4:] if tried_on(step.action)]
    again = [action for action in last if action in walk.world.actions()]
    walk.do(walk.random.choice([*SLIPS, *again]), False)
