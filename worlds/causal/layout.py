"""One variation: rooms and their doors, where everything lies, and what is broken.

Rooms form a tree, and the key of a door lies in a room that is reached without it, so every
variation can be solved.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from worlds.causal.physics import Physics

ROOMS = (
    "hall",
    "workshop",
    "cellar",
    "kitchen",
    "attic",
    "library",
    "garden",
    "stable",
    "pantry",
    "tower",
    "studio",
    "chapel",
    "bakery",
    "vault",
)
CONTAINERS = ("chest", "cabinet", "drawer", "basket", "trunk", "locker")
LOCKED, BROKEN, HIDDEN = 0.4, 0.35, 0.3
"""Shares of doors that are locked, of devices that are broken, and of things that lie in a closed
container."""


@dataclass
class Layout:
    """Where everything is at the beginning."""

    rooms: tuple[str, ...]
    parents: dict[str, str]
    """For each room but the first, the one that its door leads back to."""
    locks: dict[str, str]
    """For each room whose door is locked, the door's colour."""
    places: dict[str, str]
    """Where each portable thing lies: a room or a container."""
    devices: dict[str, str]
    """The room of each device."""
    containers: dict[str, str]
    """The room of each container."""
    broken: frozenset[str]
    substances: frozenset[str] = field(default_factory=frozenset)

    def neighbours(self, room: str) -> list[str]:
        """The rooms behind the doors of ``room``."""
        back = [self.parents[room]] if room in self.parents else []
        return back + [child for child, parent in self.parents.items() if parent == room]

    def door(self, one: str, other: str) -> str:
        """A door is named by the room that is farther from the start."""
        return other if self.parents.get(other) == one else one

    def room_of(self, thing: str) -> str:
        """The room in which a thing lies at the beginning, wherever in it."""
        place = self.places.get(thing) or self.devices.get(thing) or thing
        return self.containers.get(place, place)


def lay(physics: Physics, variation: int, rooms: int, distractors: int, *, rules: int) -> Layout:
    """The layout of ``variation``, which also depends on the rules whose things it places."""
    random = Random(f"causal layout {rules} {variation} {rooms} {distractors}")
    names = tuple(random.sample(ROOMS, rooms))
    parents = {name: names[random.randrange(number)] for number, name in enumerate(names) if number}
    locks, places = _doors(physics, names, distractors, random)
    working = [recipe.device for recipe in physics.recipes] + [physics.fixture, "chute"]
    spare = physics.spare_devices[: distractors // 3]
    devices = {device: random.choice(names) for device in (*working, *spare)}
    products = {recipe.product for recipe in physics.recipes}
    raws = _raws(physics, distractors) - products
    containers = {name: random.choice(names) for name in random.sample(CONTAINERS, 3)}
    for thing in sorted(raws | _tools(physics, distractors) | {physics.parcel}):
        hidden = random.random() < HIDDEN
        places[thing] = random.choice(sorted(containers) if hidden else names)
    mendable = [recipe.device for recipe in physics.recipes if not recipe.grows]
    broken = {physics.fixture, *(device for device in mendable if random.random() < BROKEN)}
    return Layout(
        rooms=names,
        parents=parents,
        locks=locks,
        places=places,
        devices=devices,
        containers=containers,
        broken=frozenset(broken),
        substances=frozenset(raws | products | {physics.parcel}),
    )


def _doors(
    physics: Physics, names: tuple[str, ...], distractors: int, random: Random
) -> tuple[dict[str, str], dict[str, str]]:
    """The colours of the locked doors by room, and the rooms where the keys lie. A key lies in a
    room before its door; those of other doors lie anywhere."""
    locks: dict[str, str] = {}
    keys: dict[str, str] = {}
    colours = random.sample(sorted(physics.fits), len(physics.fits))
    for number, room in enumerate(names):
        if number and colours and random.random() < LOCKED:
            locks[room] = colours.pop()
            keys[physics.fits[locks[room]]] = names[random.randrange(number)]
    for colour in colours[: distractors // 3]:
        keys[physics.fits[colour]] = random.choice(names)
    return locks, keys


def _raws(physics: Physics, distractors: int) -> set[str]:
    """What the recipes take, and substances of no use, some of them dangerous."""
    needed = {thing for recipe in physics.recipes for thing in recipe.inputs}
    dangerous = sorted({substance for _, substance in physics.hazards})
    return {*needed, *dangerous[:distractors], *physics.spare_raws[: distractors // 2]}


def _tools(physics: Physics, distractors: int) -> set[str]:
    spare = physics.spare_tools[: distractors // 3]
    return {*physics.starts.values(), *physics.repairs.values(), *spare}
