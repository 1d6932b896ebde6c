"""What a goal needs, and the shortest plan for it.

A deed is an action that must be done once, in one room, after other deeds. Nothing that a goal
needs can be in the way of anything else that it needs (nothing is used up twice, hands hold
everything, each recipe has a device of its own), so it is best to do each deed as soon as one
stands where it is possible: a plan is decided by its moves alone, and a breadth-first search over
(room, deeds done) finds the shortest.
"""

from __future__ import annotations

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
            chute = self.layout.devices["chute"]
            return self._add(f"move {thing} to chute", chute, self._get(thing), scores=True)
        return self._make(thing)

    def _get(self, thing: str) -> str:
        if any(thing == recipe.product for recipe in self.physics.recipes):
            device = self.physics.recipe(thing).device
            made = self._make(thing)
            return self._add(f"pick up {thing}", self.layout.devices[device], made)
        place = self.layout.places[thing]
        if place in self.layout.containers:
            room = self.layout.containers[place]
            return self._add(f"pick up {thing}", room, self._add(f"open {place}", room))
        return self._add(f"pick up {thing}", place)

    def _repair(self, device: str) -> str:
        tool = self.physics.repairs[device]
        room = self.layout.devices[device]
        return self._add(f"use {tool} on {device}", room, self._get(tool), scores=True)

    def _make(self, product: str) -> str:
        recipe = self.physics.recipe(product)
        device, room = recipe.device, self.layout.devices[recipe.device]
        before = [
            self._add(f"move {thing} to {device}", room, self._get(thing))
            for thing in recipe.inputs
        ]
        mended = [self._repair(device)] if device in self.layout.broken else []
        before += mended
        if starter := self.physics.starts.get(device):
            needed = (self._get(starter), *mended)
            before.append(self._add(f"use {starter} on {device}", room, *needed, scores=True))
        if recipe.grows:
            return self._add("wait", None, *before, scores=True, times=GROWING)
        return self._add(f"activate {device}", room, *before, scores=True)

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
