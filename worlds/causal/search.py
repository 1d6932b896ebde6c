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

_PICK, _OPEN, _GO = "pick up ", "open ", "go to "
_HELD = re.compile(r"In your hands you have: (?P<things>.*)\.$")
LONGEST_ASTRAY = 8
SLIPS = ("look around", "inventory", "wait")


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
        self._helps = {cause for cause, _ in helps}
        self._fails = set(fails)
        self._hints = [
            (destination(cause), effect) for cause, effect in helps if cause.startswith(_GO)
        ]
        self._tried: set[str] = set()
        self._ways: dict[str, list[str]] = {}
        self._devices: dict[str, str] = {}
        self._locked: dict[str, str] = {}

    def next(self) -> str | None:
        """The next action; None when nothing is left that could be tried."""
        offered = self._walk.world.actions()
        here, held = self._looked(offered)
        return self._deed(offered) or self._curious(offered) or self._way(here, held)

    def did(self, action: str) -> None:
        """Remember what was done."""
        if action in self._left:
            self._left.remove(action)
            on = tried_on(action)
            # A device that was mended may now be started.
            self._tried = {each for each in self._tried if tried_on(each) != on}
        elif tried_on(action):
            self._tried.add(action)

    def _looked(self, offered: Sequence[str]) -> tuple[str, set[str]]:
        """The room, and what is held; what the room shows is remembered."""
        told = self._walk.world.surroundings()
        here = room(told)
        self._ways[here] = [each.removeprefix(_GO) for each in offered if each.startswith(_GO)]
        for line in told.splitlines():
            found = re.match(
                r"\ta (?:(?P<door>\w+ door) to the (?P<to>\w+) \(that is locked\)"
                r"|(?P<thing>[\w ]+))",
                line,
            )
            if found and found["door"]:
                self._locked[found["door"]] = here
            elif found:
                self._devices.setdefault(found["thing"].strip(), here)
        self._locked = {
            door: where
            for door, where in self._locked.items()
            if where != here or (f"{door} to the" in told and "locked" in told)
        }
        found = _HELD.search(told)
        held = found["things"].split(", ") if found else []
        return here, {each.removeprefix("a ") for each in held}

    def _deed(self, offered: Sequence[str]) -> str | None:
        """A deed that can be done here, or a trial of what might be one."""
        for deed in self._left:
            if on := tried_on(deed):
                if found := self._trial(on, offered):
                    return found
            elif deed in offered and not self._too_early(deed):
                return deed
        doors = {on for each in offered if (on := tried_on(each)) and on.endswith(" door")}
        return next((found for on in sorted(doors) if (found := self._trial(on, offered))), None)

    def _trial(self, on: str, offered: Collection[str]) -> str | None:
        """What to try on a door or device: what is known to help, else anything that was not tried
        yet."""
        known = [
            action for action in self._helps if tried_on(action) == on and action in self._left
        ]
        if known:
            return next((action for action in known if action in offered), None)
        open_ = [
            each
            for each in offered
            if tried_on(each) == on and each not in self._tried and each not in self._fails
        ]
        return self._walk.random.choice(open_) if open_ else None

    def _too_early(self, deed: str) -> bool:
        """Whether something about the same device comes first."""
        device = "planter" if deed == "wait" else deed.removeprefix("activate ")
        if deed != "wait" and not deed.startswith("activate "):
            return False
        return any(each.endswith(f" {device}") and each != deed for each in self._left)

    def _curious(self, offered: Sequence[str]) -> str | None:
        """Closed things are opened; keys are taken, and tools where something must be mended or
        started."""
        wanted = {
            *KEYS,
            *(TOOLS + STARTERS if any(each.startswith("use ") for each in self._left) else ()),
        }
        for action in offered:
            if action.startswith(_OPEN) or (
                action.startswith(_PICK) and action.removeprefix(_PICK) in wanted
            ):
                return action
        return None

    def _way(self, here: str, held: set[str]) -> str | None:
        """A step towards where something can be done, else to what the memory names, else to what
        was not seen yet."""
        for goal in (self._useful(held), self._named(), self._unseen()):
            if step := self._towards(here, set(goal)):
                return f"{_GO}{step}"
        return None

    def _useful(self, held: set[str]) -> Iterator[str]:
        """Rooms in which something that is left can be done or tried with what is held."""
        for deed in self._left:
            if on := tried_on(deed):
                if on in self._devices and any(
                    self._open(f"use {thing} on {on}") for thing in held & {*TOOLS, *STARTERS}
                ):
                    yield self._devices[on]
            elif found := re.match(r"move (?P<thing>.+) to (?P<device>\w+)$", deed):
                if found["thing"] in held and found["device"] in self._devices:
                    yield self._devices[found["device"]]
            elif (
                deed.startswith("activate ")
                and not self._too_early(deed)
                and deed.removeprefix("activate ") in self._devices
            ):
                yield self._devices[deed.removeprefix("activate ")]
            elif deed.startswith(_PICK) and deed.removeprefix(_PICK) in self._devices:
                yield self._devices[deed.removeprefix(_PICK)]
        for door, where in self._locked.items():
            if any(self._open(f"unlock {door} with {key}") for key in held & {*KEYS}):
                yield where

    def _open(self, action: str) -> bool:
        known = [
            each
            for each in self._helps
            if tried_on(each) == tried_on(action) and each in self._left
        ]
        return action in known if known else action not in self._tried and action not in self._fails

    def _named(self) -> Iterator[str]:
        """Rooms that the memory names for something that is left, and that were not seen in this
        trial."""
        left = " ".join(self._left)
        for place, effect in self._hints:
            if place not in self._ways and effect.removeprefix("find ") in left:
                yield place

    def _unseen(self) -> Iterator[str]:
        yield from (
            each for ways in list(self._ways.values()) for each in ways if each not in self._ways
        )

    def _towards(self, start: str, goals: set[str]) -> str | None:
        """The first room on the shortest known way to one of ``goals``; None where no way is
        known."""
        queue, came = deque([start]), {start: ""}
        while queue:
            here = queue.popleft()
            if here in goals and here != start:
                while came[here] != start:
                    here = came[here]
                return here
            for other in self._ways.get(here, ()):
                if other not in came:
                    came[other] = here
                    queue.append(other)
        return None


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
    """Search for at most ``budget`` steps; with the chance ``slip`` a step is idle or repeats what
    failed, or ``astray`` decides some steps. None of these is imitated."""
    found = Search(walk, path, helps, fails)
    walk.do("look around", True)
    while not walk.done and len(walk.steps) < budget:
        if walk.random.random() < slip and astray:
            for _ in range(walk.random.randint(1, LONGEST_ASTRAY)):
                if not walk.done:
                    led = astray(walk)
                    found.did(led)
                    walk.do(led, False)
            continue
        if walk.random.random() < slip:
            again = [
                step.action
                for step in walk.steps[-4:]
                if tried_on(step.action) and step.action in walk.world.actions()
            ]
            walk.do(walk.random.choice([*SLIPS, *again]), False)
            continue
        following = found.next()
        if following is None:
            return
        found.did(following)
        walk.do(following, True)
