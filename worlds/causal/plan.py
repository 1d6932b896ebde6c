"""What a goal needs, the shortest plan for it, and which causal links are true of it.

A deed is an action that must be done once, in one room, after other deeds. Nothing that a goal
needs can be in the way of anything else that it needs (nothing is used up twice, hands hold
everything, each recipe has a device of its own), so it is best to do each deed as soon as one
stands where it is possible: a plan is decided by its moves alone, and a breadth-first search over
(room, deeds done) finds the shortest.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

from worlds.causal.layout import Layout
from worlds.causal.physics import GROWING, Physics

Goal = tuple[str, str]
"""A kind (make, repair, grow, deliver) and a thing."""


@dataclass(frozen=True)
class Deed:
    """``action`` in ``room`` (None: anywhere) after the deeds ``after``; ``scores`` if it is a
    sub-goal."""

    action: str
    room: str | None
    after: frozenset[str]
    scores: bool = False
    times: int = 1


def goals(physics: Physics, task: str) -> tuple[Goal, ...]:
    """The sub-goals of ``task``: one, or the first k of five for ``compose-k``."""
    plant = next(recipe.product for recipe in physics.recipes if recipe.grows)
    makes = [("make", recipe.product) for recipe in physics.recipes if not recipe.grows]
    single = {
        "make": makes[1],
        "repair": ("repair", physics.fixture),
        "grow": ("grow", plant),
        "deliver": ("deliver", physics.parcel),
    }
    if task in single:
        return (single[task],)
    return (*single.values(), makes[3])[: int(task.rpartition("-")[2])]


class Needs:
    """The deeds of a goal, by action."""

    def __init__(self, physics: Physics, layout: Layout, wanted: tuple[Goal, ...]) -> None:
        self.physics, self.layout = physics, layout
        self.deeds: dict[str, Deed] = {}
        self.aims = tuple(self._aim(*goal) for goal in wanted)
        for deed in list(self.deeds.values()):
            self._doors_to(deed.room)

    def _add(
        self, action: str, room: str | None, *after: str, scores: bool = False, times: int = 1
    ) -> str:
        self.deeds[action] = Deed(action, room, frozenset(after), scores, times)
        return action

    def _aim(self, kind: str, thing: str) -> str:
        if kind == "repair":
            return self._repair(thing)
        if kind == "deliver":
            return self._add(
                f"move {thing} to chute",
                self.layout.devices["chute"],
                self._get(thing),
                scores=True,
            )
        return self._make(thing)

    def _get(self, thing: str) -> str:
        if any(thing == recipe.product for recipe in self.physics.recipes):
            made = self._make(thing)
            return self._add(
                f"pick up {thing}", self.layout.devices[self.physics.recipe(thing).device], made
            )
        place = self.layout.places[thing]
        if place in self.layout.containers:
            room = self.layout.containers[place]
            return self._add(f"pick up {thing}", room, self._add(f"open {place}", room))
        return self._add(f"pick up {thing}", place)

    def _repair(self, device: str) -> str:
        tool = self.physics.repairs[device]
        return self._add(
            f"use {tool} on {device}", self.layout.devices[device], self._get(tool), scores=True
        )

    def _make(self, product: str) -> str:
        recipe = self.physics.recipe(product)
        room = self.layout.devices[recipe.device]
        before = [
            self._add(f"move {each} to {recipe.device}", room, self._get(each))
            for each in recipe.inputs
        ]
        if recipe.device in self.layout.broken:
            before.append(self._repair(recipe.device))
        if starter := self.physics.starts.get(recipe.device):
            mended = [deed for deed in before if deed.startswith("use ")]
            before.append(
                self._add(
                    f"use {starter} on {recipe.device}",
                    room,
                    self._get(starter),
                    *mended,
                    scores=True,
                )
            )
        if recipe.grows:
            return self._add("wait", None, *before, scores=True, times=GROWING)
        return self._add(f"activate {recipe.device}", room, *before, scores=True)

    def _doors_to(self, room: str | None) -> None:
        """The locked doors between the start and ``room``, and what their keys need in turn."""
        while room in self.layout.parents:
            outer = self.layout.parents[room]
            colour = self.layout.locks.get(room)
            action = f"unlock {colour} door with {self.physics.fits[colour]}" if colour else ""
            if colour and action not in self.deeds:
                key = self.physics.fits[colour]
                self._add(action, outer, self._get(key), scores=True)
                self._doors_to(self.layout.room_of(key))
            room = outer

    def unlocks(self, room: str) -> str | None:
        """The deed that opens the door of ``room``, if it is locked."""
        colour = self.layout.locks.get(room)
        return f"unlock {colour} door with {self.physics.fits[colour]}" if colour else None


def shortest(needs: Needs) -> tuple[str, ...]:
    """The shortest plan. ValueError if there is none, which would be a defect of the layout."""
    layout, start = needs.layout, needs.layout.rooms[0]
    first, done = _do_all(needs, start, frozenset())
    queue = deque([(start, done, first)])
    seen = {(start, done)}
    while queue:
        room, done, plan = queue.popleft()
        if len(done) == len(needs.deeds):
            return plan
        for other in layout.neighbours(room):
            door = needs.unlocks(layout.door(room, other))
            if door and door not in done:
                continue
            more, after = _do_all(needs, other, done)
            if (other, after) not in seen:
                seen.add((other, after))
                queue.append((other, after, (*plan, f"go to {other}", *more)))
    raise ValueError("this variation cannot be solved")


def _do_all(
    needs: Needs, room: str, done: frozenset[str]
) -> tuple[tuple[str, ...], frozenset[str]]:
    """Every deed that is possible in ``room``, one after the other."""
    plan: list[str] = []
    now = set(done)
    while True:
        ready = [
            deed
            for deed in needs.deeds.values()
            if deed.action not in now and deed.room in (room, None) and deed.after <= now
        ]
        if not ready:
            return tuple(plan), frozenset(now)
        for deed in ready:
            plan += [deed.action] * deed.times
            now.add(deed.action)


@dataclass(frozen=True)
class Truth:
    """The links that hold in a variation, as text: what is necessary, what contributes, what does
    not contribute. ``core`` are the causes that a memory should name: the actions that reach
    sub-goals."""

    necessary: frozenset[str]
    contributing: frozenset[str]
    not_contributing: frozenset[str]
    core: frozenset[str]


def truth(needs: Needs, every_action: frozenset[str]) -> Truth:
    """``every_action`` are all actions that are admissible somewhere, some time, in this
    variation."""
    necessary = set()
    for deed in needs.deeds.values():
        effects = ["complete the task", *(["make progress"] if deed.scores else [])]
        necessary |= {f"{deed.action} SHOULD BE NECESSARY to {effect}" for effect in effects}
        necessary |= {
            f"{before} SHOULD BE NECESSARY to {deed.action}" for before in _all_before(needs, deed)
        }
    start = needs.layout.rooms[0]
    ways = {
        deed.room: f"go to {deed.room}"
        for deed in needs.deeds.values()
        if deed.room not in (start, None)
    }
    passed = {f"go to {room}" for room in _passed(needs) if room != start}
    for deed in needs.deeds.values():
        necessary |= (
            {f"{ways[deed.room]} SHOULD BE NECESSARY to {deed.action}"}
            if deed.room in ways
            else set()
        )
    necessary |= {
        f"{way} SHOULD BE NECESSARY to {effect}"
        for way in passed
        for effect in ("complete the task", "make progress")
    }
    things = {
        **{thing: needs.layout.room_of(thing) for thing in needs.layout.places},
        **needs.layout.devices,
    }
    finds = {
        f"go to {room} SHOULD CONTRIBUTE to find {thing}"
        for thing, room in things.items()
        if room != start
    }
    places = {**things, **needs.layout.containers}
    there = ((action, places.get(_where(action))) for action in every_action)
    finds |= {
        f"go to {room} SHOULD CONTRIBUTE to {action}"
        for action, room in there
        if room not in (None, start)
    }
    used = {*needs.deeds, *passed}
    idle = {
        f"{action} DOES NOT CONTRIBUTE to the task" for action in every_action if action not in used
    }
    core = {deed.action for deed in needs.deeds.values() if deed.scores}
    return Truth(frozenset(necessary), frozenset(finds), frozenset(idle), frozenset(core))


def _where(action: str) -> str:
    """The thing whose room an action is done in: what is picked up or opened, or the device that is
    used."""
    for mark in (" on ", " to "):
        if mark in action:
            return action.rpartition(mark)[2]
    return re.sub(r"^(pick up|open|activate) ", "", action)


def _all_before(needs: Needs, deed: Deed) -> set[str]:
    """The deeds that must come before, directly or not."""
    found: set[str] = set()
    waiting = list(deed.after)
    while waiting:
        action = waiting.pop()
        if action not in found:
            found.add(action)
            waiting += needs.deeds[action].after
    return found


def _passed(needs: Needs) -> set[str]:
    """The rooms that every plan goes through: a tree has one way."""
    found: set[str] = set()
    for deed in needs.deeds.values():
        room = deed.room
        while room is not None:
            found.add(room)
            room = needs.layout.parents.get(room)
    return found
