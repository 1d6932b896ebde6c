"""How ScienceWorld is practised while a model is trained (see ``clin/distill/practice.py``): expert
paths, wrong turns and drills. Nothing that acts or writes memories may read this."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from worlds.scienceworld import language
from worlds.scienceworld.simulator import gold
from worlds.scienceworld.world import jvm

share = 0.62
look = "look around"
harmless = ("look", "examine", "open", "inventory", "read", "task", "wait1")
favoured = ("go", "look", "pick", "teleport")
fatal = ("focus on",)
two_things = ("use", "move")
ways = ("go to", "teleport to", "open door to")
commands = frozenset(
    ["activate", "connect", "focus", "inventory", "look", "mix", "move", "open", "pour", "use"]
)
names_are_shuffled = True

_OBJECT_MATTERS = re.compile(r"^(?:focus on|activate|use|mix|connect|move .+ to) ?")
_ROOMS = frozenset(
    [
        *("kitchen", "bathroom", "bedroom", "hallway", "living room", "art studio", "workshop"),
        *("greenhouse", "outside", "foundry"),
    ]
)
_LOOKS = (look, "open ")


def object_matters(action: str) -> str:
    found = _OBJECT_MATTERS.match(action)
    if not found:
        return ""
    return "move" if action.startswith("move ") else found[0].strip()


def names_matter(task: str) -> bool:
    """What is mixed to what is knowledge."""
    return "chemistry" in task


def begun(opening: str, path: Sequence[str]) -> list[str]:
    """A path that starts in the right room goes there first, where one can teleport."""
    room = language.room(opening)
    acts = not path or not (path[0] == look or language.destination(path[0]))
    if not room or not acts:
        return list(path)
    if not any(map(language.is_jump, path)) and not path[0].startswith("focus"):
        return list(path)
    return [f"teleport to {room}", look, *path]


def shows_the_way(action: str) -> bool:
    return action.startswith(("teleport to", look, "open door"))


def paths(task: str, variation: int, options: dict[str, Any]) -> list[tuple[str, ...]]:
    simplifications = str(options.get("simplifications", "easy"))
    path = gold(jvm(), task, variation, simplifications)
    if simplifications != "easy":
        return [path]
    short = _teleporting(path)
    return [_pruned(short), short, _teleporting(path, waiting=True), path]


def _teleporting(path: tuple[str, ...], *, waiting: bool = False) -> tuple[str, ...]:
    """``path`` with walks replaced by one teleport and a first look at each room; ``waiting`` keeps
    the time a walk took."""
    short: list[str] = []
    visited: set[str] = set()
    target, walked = "", 0
    for action in (*path, ""):
        room = _room_of_walk(action)
        if room or action.startswith("open door to "):
            target, walked = room or target, walked + 1
            continue
        if target:
            short.append(f"teleport to {target}")
            if waiting:
                short += ["wait1"] * (walked - 1)
            elif target not in visited and action != look:
                short.append(look)
            visited.add(target)
        target, walked = "", 0
        if action:
            short.append(action)
    return tuple(short)


def _room_of_walk(action: str) -> str:
    """The room that ``action`` goes to, or an empty string."""
    room = action.removeprefix("go to ")
    return room if room != action and room in _ROOMS else ""


def _pruned(path: tuple[str, ...]) -> tuple[str, ...]:
    """``path`` without the visits on which nothing was done but looking: the search of one who did
    not know."""
    visits: list[list[str]] = [[]]
    for action in path:
        if action.startswith("teleport to "):
            visits.append([])
        visits[-1].append(action)
    kept, last = list(visits[0]), ""
    for arrival, *actions in visits[1:]:
        if all(action.startswith(_LOOKS) for action in actions):
            continue
        if arrival == last:
            kept += [action for action in actions if action != look]
        else:
            kept += [arrival, *actions]
        last = arrival
    return tuple(kept)


def _entered(draw: Any, names: Sequence[str], *, room: str = "") -> list[tuple[str, str, float]]:
    room = room or draw.room()
    listing = draw.listing(room, names)
    return [
        (f"teleport to {room}", f"You teleport to the {room}.", 0.1),
        (look, listing, 0.1),
    ]


def _focus(draw: Any) -> dict[str, Any]:
    """What a room shows as "baby wolf" is offered as "baby baby wolf"."""
    forms = (
        ("{}", "{}"),
        ("baby {}", "baby baby {}"),
        ("baby {}", "baby baby {}"),
        ("{} egg", "egg {}"),
        ("adult {}", "adult {}"),
    )
    chosen = [
        draw.random.choice(forms) if draw.random.random() < 0.7 else forms[0] for _ in draw.names
    ]
    young = [form.format(name) for (form, _), name in zip(chosen, draw.names, strict=True)]
    called = [form.format(name) for (_, form), name in zip(chosen, draw.names, strict=True)]
    long = draw.random.choice(("longest", "shortest"))
    kind = draw.random.choice(("living thing", "plant", "animal", "non-living thing"))
    box, boxed = draw.colour(), draw.indoors()
    goals = (
        (
            f"Your task is to find the animal with the {long} life span. The animals are in the "
            f"'outside' location. Focus on the animal with the {long} life span.",
            "outside",
        ),
        (
            f"Your task is to find a(n) {kind}. First, focus on the thing. Then, move it to the "
            f"{box} box in the {boxed}.",
            draw.room(),
        ),
        ("Your task is to focus on the life stages in order.", "outside"),
        (
            "Your task is to use chemistry to make it. When you are done, focus on it.",
            draw.room(),
        ),
    )
    goal, room = draw.random.choice(goals)
    return {
        "goal": goal,
        "before": _entered(draw, young, room=room),
        "action": "focus on {}",
        "pool": young,
        "failed": "You focus on something else.",
        "offered": called,
    }


def _box(draw: Any) -> dict[str, Any]:
    boxes = [f"{name} box" for name in draw.names]
    thing = draw.thing()
    return {
        "goal": f"Your task is to put the {thing} into the right box.",
        "before": [
            *_entered(draw, boxes),
            (f"pick up {thing}", f"You move the {thing} to the inventory.", 0.0),
        ],
        "action": f"move {thing} to {{}}",
        "pool": boxes,
        "failed": f"You move the {thing}.",
    }


drills = (_focus, _focus, _focus, _box)
