"""Which causal links are true of a variation and its goal."""

from __future__ import annotations

import re
from dataclasses import dataclass

from worlds.causal.physics import Physics
from worlds.causal.plan import Deed, Needs


@dataclass(frozen=True)
class Truth:
    """The links that hold in a variation, as text.

    ``core`` are the causes that a memory should name: the actions that reach sub-goals.
    """

    necessary: frozenset[str]
    contributing: frozenset[str]
    not_contributing: frozenset[str]
    core: frozenset[str]


def truth(needs: Needs, every_action: frozenset[str]) -> Truth:
    """The links that hold for a goal. ``every_action`` are all actions that are admissible
    somewhere, some time, in this variation."""
    start = needs.layout.rooms[0]
    walks = {f"go to {room}" for room in _passed(needs) if room != start}
    used = {*needs.deeds, *walks}
    return Truth(
        necessary=frozenset(
            _of_deeds(needs) | _of_walks(needs, walks) | _of_changes(needs.physics)
        ),
        contributing=frozenset(_of_rooms(needs, every_action)),
        not_contributing=frozenset(
            f"{action} DOES NOT CONTRIBUTE to the task" for action in every_action - used
        ),
        core=frozenset(deed.action for deed in needs.deeds.values() if deed.scores),
    )


def _of_deeds(needs: Needs) -> set[str]:
    """Each deed is necessary to the goal and to what it must come before."""
    links = set()
    for deed in needs.deeds.values():
        links.add(f"{deed.action} SHOULD BE NECESSARY to complete the task")
        if deed.scores:
            links.add(f"{deed.action} SHOULD BE NECESSARY to make progress")
        for before in _all_before(needs, deed):
            links.add(f"{before} SHOULD BE NECESSARY to {deed.action}")
    return links


def _of_changes(physics: Physics) -> set[str]:
    """What brings about what the world tells of (``changes`` of its language), wanted or not."""
    causes = {
        f"repair {device}": [f"use {tool} on {device}"] for device, tool in physics.repairs.items()
    }
    for device, tool in physics.starts.items():
        causes[f"start {device}"] = [f"use {tool} on {device}"]
    for recipe in physics.recipes:
        last = "wait" if recipe.grows else f"activate {recipe.device}"
        put = [f"move {thing} to {recipe.device}" for thing in recipe.inputs]
        causes[f"{'grow' if recipe.grows else 'make'} {recipe.product}"] = [*put, last]
    causes[f"deliver {physics.parcel}"] = [f"move {physics.parcel} to chute"]
    return {
        f"{cause} SHOULD BE NECESSARY to {effect}"
        for effect, each in causes.items()
        for cause in each
    }


def _of_walks(needs: Needs, walks: set[str]) -> set[str]:
    """The walks of every plan are necessary to the goal, and to what is done where they lead."""
    links = set()
    for walk in walks:
        links.add(f"{walk} SHOULD BE NECESSARY to complete the task")
        links.add(f"{walk} SHOULD BE NECESSARY to make progress")
    for deed in needs.deeds.values():
        if deed.room not in (None, needs.layout.rooms[0]):
            links.add(f"go to {deed.room} SHOULD BE NECESSARY to {deed.action}")
    return links


def _of_rooms(needs: Needs, every_action: frozenset[str]) -> set[str]:
    """To go to a room contributes to finding what is there, and to what can be done there."""
    layout = needs.layout
    things = {thing: layout.room_of(thing) for thing in layout.places} | layout.devices
    rooms = things | layout.containers
    elsewhere = set(layout.rooms[1:])
    links = set()
    for thing, room in things.items():
        if room in elsewhere:
            links.add(f"go to {room} SHOULD CONTRIBUTE to find {thing}")
    for action in every_action:
        where = rooms.get(_where(action))
        if where in elsewhere:
            links.add(f"go to {where} SHOULD CONTRIBUTE to {action}")
    return links


def _where(action: str) -> str:
    """The thing whose room an action is done in: what is picked up or opened, or the device that is
    used."""
    for mark in (" on ", " to "):
        if mark in action:
            return action.rpartition(mark)[2]
    return re.sub(r"^(pick up|open|activate) ", "", action)


def _all_before(needs: Needs, deed: Deed) -> set[str]:
    """The deeds that must come before, directly or not."""
    earlier: set[str] = set()
    waiting = list(deed.after)
    while waiting:
        action = waiting.pop()
        if action not in earlier:
            earlier.add(action)
            waiting += needs.deeds[action].after
    return earlier


def _passed(needs: Needs) -> set[str]:
    """The rooms that every plan goes through: a tree has one way."""
    rooms: set[str] = set()
    for deed in needs.deeds.values():
        room = deed.room
        while room is not None:
            rooms.add(room)
            room = needs.layout.parents.get(room)
    return rooms
