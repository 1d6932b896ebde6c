"""The elimination drill: what a memory (or this trial) has shown to fail is not done again; one
candidate remains.

Failures alone did not teach it (the first experiment repeated 39 of 40 fatal actions), this drill
did, and only for the kind of thing that it was drilled on: so it comes in many scenes, wordings and
kinds of object.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from clin.distill import rename
from clin.distill.form import Act, Sample

TOOLS = (
    *(["wrench", "hammer", "tongs", "chisel", "spanner", "file", "pliers", "saw"]),
    *(["drill", "clamp", "flint", "crank", "pedal", "fuse", "lever"]),
)
KEYS = tuple(f"{each} key" for each in ["brass", "bone", "iron", "glass", "silver", "wooden"])
DEVICES = (
    "kiln",
    "loom",
    "press",
    "still",
    "mill",
    "vat",
    "forge",
    "lathe",
    "oven",
    "centrifuge",
    "bellows",
    "crusher",
    "dryer",
    "mixer",
)
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


@dataclass(frozen=True)
class Scene:
    """Where candidates are met: the goal, the steps up to the choice, and the action that a
    candidate is part of. ``pool`` are the candidates as the world shows them, and as memories name
    them; ``offered``, where it is not empty, as actions do (ScienceWorld shows "baby wolf" and
    offers "baby baby wolf")."""

    goal: str
    before: tuple[tuple[str, str], ...]
    action: str
    pool: tuple[str, ...]
    failed: str = "Nothing happens."
    done: str = "You did it."
    offered: tuple[str, ...] = ()


def drill(random: Random) -> Sample:
    """One choice among two to five candidates, all but one of which are known to fail."""
    names = _names(random)
    scene = random.choice(SCENES)(random, names)
    first, *others = random.sample(range(len(names)), len(names))
    offered = scene.offered or scene.pool
    tried = [n for n in others if random.random() < 0.5] if random.random() < 0.3 else []
    lines = [
        f"{scene.action.format(scene.pool[n])} {random.choice(IDLE)}"
        for n in others
        if n not in tried
    ]
    right = scene.action.format(offered[first])
    if random.random() < 0.3:
        lines.append(f"{scene.action.format(scene.pool[first])} {random.choice(HELPS)}")
    if random.random() < 0.25:
        lines.append(f"{scene.action.format(_stranger(random, names))} {random.choice(IDLE)}")
    if random.random() < 0.3:
        random.shuffle(lines)
    lines += [
        f"{action} {random.choice(HELPS[1:])}"
        for action, _ in scene.before[:1]
        if random.random() < 0.6
    ]
    acts = [
        Act(action, seen, 0.1 if action.startswith(("teleport", "look")) else 0.0)
        for action, seen in scene.before
    ]
    acts += [Act(scene.action.format(offered[n]), scene.failed, 0.0) for n in tried]
    return Sample("elimination", scene.goal, tuple(lines), (*acts, Act(right, scene.done, 1.0)))


def _names(random: Random) -> list[str]:
    count = random.choice((2, 3, 3, 3, 4, 5))
    if random.random() < 0.25:
        invented = dict.fromkeys(rename.word_of(random) for _ in range(count + 3))
        return list(invented)[:count]
    pool = random.choice(
        (
            rename.ANIMALS,
            rename.ANIMALS,
            THINGS,
            TOOLS,
            KEYS,
            DEVICES,
            rename.COLOURS,
            rename.FRUITS,
            rename.SUBSTANCES,
            PLACES,
        )
    )
    return random.sample(pool, count)


def _stranger(random: Random, names: Sequence[str]) -> str:
    return random.choice([each for each in (*rename.ANIMALS, *THINGS) if each not in names])


def _room(random: Random, names: Sequence[str]) -> str:
    """Where it happens: no candidate."""
    return random.choice([each for each in PLACES if each not in names])


def _listing(random: Random, room: str, names: Sequence[str]) -> str:
    things = [*names, *random.sample(SCENERY, random.randint(1, 5))]
    random.shuffle(things)
    return f"{room}: {'; '.join(things)}"


def _entered(room: str, listing: str) -> tuple[tuple[str, str], ...]:
    return ((f"teleport to {room}", f"You teleport to the {room}."), ("look around", listing))


def _focus(random: Random, names: Sequence[str]) -> Scene:
    forms = (
        ("{}", "{}"),
        ("baby {}", "baby baby {}"),
        ("baby {}", "baby baby {}"),
        ("{} egg", "egg {}"),
        ("adult {}", "adult {}"),
    )
    chosen = [random.choice(forms) if random.random() < 0.7 else forms[0] for _ in names]
    young = [form.format(name) for (form, _), name in zip(chosen, names, strict=True)]
    called = tuple(form.format(name) for (_, form), name in zip(chosen, names, strict=True))
    long = random.choice(("longest", "shortest"))
    goal, room = random.choice(
        (
            (
                f"Your task is to find the animal with the {long} life span. The animals are in "
                "the 'outside' location. "
                f"Focus on the animal with the {long} life span.",
                "outside",
            ),
            (
                "Your task is to find a(n) "
                f"{random.choice(('living thing', 'plant', 'animal', 'non-living thing'))}. "
                "First, focus on the thing. Then, "
                f"move it to the {random.choice(rename.COLOURS)} box in the "
                f"{random.choice(rename.ROOMS)}.",
                _room(random, names),
            ),
            ("Your task is to focus on the life stages in order.", "outside"),
            (
                "Your task is to use chemistry to make it. When you are done, focus on it.",
                _room(random, names),
            ),
        )
    )
    return Scene(
        goal,
        _entered(room, _listing(random, room, young)),
        "focus on {}",
        tuple(young),
        "You focus on something else.",
        offered=called,
    )


def _box(random: Random, names: Sequence[str]) -> Scene:
    boxes, thing, room = (
        [f"{name} box" for name in names],
        random.choice(THINGS),
        _room(random, names),
    )
    goal = f"Your task is to put the {thing} into the right box."
    before = (
        *_entered(room, _listing(random, room, boxes)),
        (f"pick up {thing}", f"You move the {thing} to the inventory."),
    )
    return Scene(goal, before, f"move {thing} to {{}}", tuple(boxes), f"You move the {thing}.")


def _tool(random: Random, names: Sequence[str]) -> Scene:
    device, room = random.choice(DEVICES), _room(random, names)
    held = f"In your hands you have: {', '.join(f'a {name}' for name in names)}."
    before = (
        (f"go to {room}", f"You go to the {room}. In it, you see: a {device} (that is broken)"),
        ("inventory", held),
    )
    return Scene(
        f"Your task is to repair the {device}.",
        before,
        f"use {{}} on {device}",
        tuple(names),
        done=f"The {device} is mended.",
    )


def _key(random: Random, names: Sequence[str]) -> Scene:
    keys = [name if name.endswith(" key") else f"{name} key" for name in names]
    colour, held = (
        random.choice(rename.COLOURS),
        f"In your hands you have: {', '.join(f'a {key}' for key in keys)}.",
    )
    before = (
        ("look around", _listing(random, _room(random, names), [f"{colour} door locked"])),
        ("inventory", held),
    )
    return Scene(
        "Your task is to deliver the letter through the chute.",
        before,
        f"unlock {colour} door with {{}}",
        tuple(keys),
        f"The {colour} door stays locked with this key.",
        f"With a click the {colour} door gives way.",
    )


def _device(random: Random, names: Sequence[str]) -> Scene:
    thing, room = random.choice(rename.SUBSTANCES), _room(random, names)
    before = (
        ("look around", _listing(random, room, names)),
        (f"pick up {thing}", f"You take the {thing}."),
    )
    return Scene(
        f"Your task is to make glass of {thing}.", before, f"move {thing} to {{}}", tuple(names)
    )


def _way(random: Random, names: Sequence[str]) -> Scene:
    thing, room = random.choice(THINGS), _room(random, names)
    verb = random.choice(("go to", "teleport to", "open door to"))
    doors = (
        f"You go to the {room}. You also see: "
        f"{', '.join(f'a door to the {name}' for name in names)}"
    )
    return Scene(
        f"Your task is to find the {thing} and to take it.",
        ((f"go to {room}", doors),),
        f"{verb} {{}}",
        tuple(names),
        f"There is no {thing} here.",
        "You are there.",
    )


def _take(random: Random, names: Sequence[str]) -> Scene:
    verb = random.choice(
        ("take {}", "pick up {}", "put {} in box", "read {}", "mix {}", "activate {}", "open {}")
    )
    before = (("look around", _listing(random, _room(random, names), names)),)
    return Scene("Your task is to find out which one is right.", before, verb, tuple(names))


SCENES: tuple[Callable[[Random, Sequence[str]], Scene], ...] = (
    _focus,
    _focus,
    _focus,
    _box,
    _tool,
    _key,
    _device,
    _way,
    _take,
)
