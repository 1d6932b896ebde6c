"""The elimination drill: what a memory (or this trial) has shown to fail is not done again; one
candidate remains.

Failures alone did not teach it (the first experiment repeated 39 of 40 fatal actions), this drill
did, and only for the kind of thing that it was drilled on: so it comes in many scenes, wordings and
kinds of object. Worlds bring scenes of their own in their own words
(:attr:`clin.distill.practice.Practice.drills`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from clin.distill import rename
from clin.distill.form import Act, Sample
from clin.distill.practice import practised
from worlds.causal.physics import DEVICES

TOOLS = (
    *(["wrench", "hammer", "tongs", "chisel", "spanner", "file", "pliers", "saw"]),
    *(["drill", "clamp", "flint", "crank", "pedal", "fuse", "lever"]),
)
KEYS = tuple(f"{each} key" for each in ["brass", "bone", "iron", "glass", "silver", "wooden"])
THINGS = (
    "axe",
    "shovel",
    "wood cup",
    "metal pot",
    "fork",
    "drawing",
    "picture",
    "stopwatch",
    "book shelf",
    "finger painting",
    "chair",
    "bowl",
)
PLACES = (
    *rename.ROOMS,
    "greenhouse",
    "outside",
    "cellar",
    "attic",
    "library",
    "garden",
    "stable",
    "pantry",
    "tower",
    "vault",
)
SCENERY = (
    "fire pit",
    "fountain (water)",
    "ground",
    "wood",
    "picture",
    "counter",
    "table: nothing",
    "closet closed",
)
IDLE = (
    *["DOES NOT CONTRIBUTE to the task"] * 2,
    "MAY NOT CONTRIBUTE to the task",
    "DOES NOT CONTRIBUTE to make progress",
)
HELPS = (
    "SHOULD BE NECESSARY to complete the task",
    "MAY BE NECESSARY to complete the task",
    "SHOULD BE NECESSARY to make progress",
)


POOLS = (
    *(rename.ANIMALS, rename.ANIMALS, THINGS, TOOLS, KEYS, DEVICES),
    *(rename.COLOURS, rename.FRUITS, rename.SUBSTANCES, PLACES),
)
"""What the candidates are."""


@dataclass(frozen=True)
class Scene:
    """Where candidates are met: the goal, the steps up to the choice (action, answer, weight), and
    the action that a candidate is part of. ``pool`` are the candidates as the world shows them, and
    as memories name them; ``offered``, where it is not empty, as actions do."""

    goal: str
    before: Sequence[tuple[str, str, float]]
    action: str
    pool: Sequence[str]
    failed: str = "Nothing happens."
    done: str = "You did it."
    offered: Sequence[str] = ()


@dataclass(frozen=True)
class Draw:
    """What a scene is made of: the ``names`` of its candidates, and what is drawn beside them."""

    random: Random
    names: list[str]

    def room(self) -> str:
        """Where it happens: no candidate."""
        return self.random.choice([each for each in PLACES if each not in self.names])

    def listing(self, room: str, names: Sequence[str]) -> str:
        """What looking around there shows, in short."""
        things = [*names, *self.random.sample(SCENERY, self.random.randint(1, 5))]
        self.random.shuffle(things)
        return f"{room}: {'; '.join(things)}"

    def stranger(self) -> str:
        """A thing that is no candidate."""
        others = [each for each in (*rename.ANIMALS, *THINGS) if each not in self.names]
        return self.random.choice(others)

    def thing(self) -> str:
        return self.random.choice(THINGS)

    def substance(self) -> str:
        return self.random.choice(rename.SUBSTANCES)

    def device(self) -> str:
        return self.random.choice(DEVICES)

    def colour(self) -> str:
        return self.random.choice(rename.COLOURS)

    def indoors(self) -> str:
        return self.random.choice(rename.ROOMS)


def drill(random: Random) -> Sample:
    """One choice among two to five candidates, all but one of which are known to fail."""
    draw = Draw(random, _names(random))
    world, make = random.choice(scenes())
    scene = Scene(**make(draw))
    first, *others = random.sample(range(len(draw.names)), len(draw.names))
    offered = scene.offered or scene.pool
    tried = [n for n in others if random.random() < 0.5] if random.random() < 0.3 else []
    warned = [scene.pool[n] for n in others if n not in tried]
    lines = _memory(draw, scene, scene.pool[first], warned)
    acts = [Act(action, seen, weight) for action, seen, weight in scene.before]
    acts += [Act(scene.action.format(offered[n]), scene.failed, 0.0) for n in tried]
    right = Act(scene.action.format(offered[first]), scene.done, 1.0)
    return Sample("elimination", world, scene.goal, tuple(lines), (*acts, right))


def _memory(draw: Draw, scene: Scene, right: str, wrong: Sequence[str]) -> list[str]:
    """What the memory says: that the ``wrong`` candidates fail, perhaps that the ``right`` one
    helps, and perhaps what is beside the point."""
    random = draw.random
    lines = [f"{scene.action.format(each)} {random.choice(IDLE)}" for each in wrong]
    if random.random() < 0.3:
        lines.append(f"{scene.action.format(right)} {random.choice(HELPS)}")
    if random.random() < 0.25:
        lines.append(f"{scene.action.format(draw.stranger())} {random.choice(IDLE)}")
    if random.random() < 0.3:
        random.shuffle(lines)
    began = scene.before[0][0]
    if random.random() < 0.6:
        lines.append(f"{began} {random.choice(HELPS[1:])}")
    return lines


def _names(random: Random) -> list[str]:
    count = random.choice((2, 3, 3, 3, 4, 5))
    if random.random() < 0.25:
        invented = dict.fromkeys(rename.word_of(random) for _ in range(count + 3))
        return list(invented)[:count]
    return random.sample(random.choice(POOLS), count)


@cache
def scenes() -> tuple[tuple[str, Callable[[Draw], dict[str, Any]]], ...]:
    """Every scene with the world in whose language it is told: those of the worlds, and two of any,
    which are told like those of the world that is practised most."""
    found = [(world, scene) for world, practice in practised().items() for scene in practice.drills]
    most = next(iter(practised()))
    return (*found, (most, _way), (most, _take))


def _way(draw: Draw) -> dict[str, Any]:
    thing, room = draw.thing(), draw.room()
    ways = dict.fromkeys(way for practice in practised().values() for way in practice.ways)
    verb = draw.random.choice(list(ways))
    doors = ", ".join(f"a door to the {name}" for name in draw.names)
    return {
        "goal": f"Your task is to find the {thing} and to take it.",
        "before": [(f"go to {room}", f"You go to the {room}. You also see: {doors}", 0.0)],
        "action": f"{verb} {{}}",
        "pool": draw.names,
        "failed": f"There is no {thing} here.",
        "done": "You are there.",
    }


def _take(draw: Draw) -> dict[str, Any]:
    verb = draw.random.choice(
        ("take {}", "pick up {}", "put {} in box", "read {}", "mix {}", "activate {}", "open {}")
    )
    return {
        "goal": "Your task is to find out which one is right.",
        "before": [("look around", draw.listing(draw.room(), draw.names), 0.1)],
        "action": verb,
        "pool": draw.names,
    }
