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
    """``parents`` gives each room but the first the one that its door leads back to; ``locks`` the
    colour of a room's locked door; ``places`` where a portable thing lies (a room or a container);
    ``devices`` and ``containers`` their rooms."""

    rooms: tuple[str, ...]
    parents: dict[str, str]
    locks: dict[str, str]
    places: dict[str, str]
    devices: dict[str, str]
    containers: dict[str, str]
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
    locks, places = {}, {}
    doors = random.sample(sorted(physics.fits), len(physics.fits))
    for number, room in enumerate(names):
        if number and doors and random.random() < LOCKED:
            locks[room] = doors.pop()
            places[physics.fits[locks[room]]] = names[random.randrange(number)]
    for door in doors[: distractors // 3]:
        places[physics.fits[door]] = random.choice(names)
    working = [recipe.device for recipe in physics.recipes] + [physics.fixture, "chute"]
    spare = physics.spare_devices[: distractors // 3]
    devices = {device: random.choice(names) for device in (*working, *spare)}
    made = {recipe.product for recipe in physics.recipes}
    raws = {each for recipe in physics.recipes for each in recipe.inputs} - made
    dangerous = {substance for _, substance in physics.hazards}
    raws |= {*sorted(dangerous)[:distractors], *physics.spare_raws[: distractors // 2]}
    tools = {
        *physics.starts.values(),
        *physics.repairs.values(),
        *physics.spare_tools[: distractors // 3],
    }
    containers = {name: random.choice(names) for name in random.sample(CONTAINERS, 3)}
    for thing in sorted(raws | tools | {physics.parcel}):
        places[thing] = (
            random.choice(sorted(containers)) if random.random() < HIDDEN else random.choice(names)
        )
    mendable = [recipe.device for recipe in physics.recipes if not recipe.grows]
    broken = {physics.fixture, *(device for device in mendable if random.random() < BROKEN)}
    return Layout(
        names,
        parents,
        locks,
        places,
        devices,
        containers,
        frozenset(broken),
        frozenset(raws | made | {physics.parcel}),
    )
