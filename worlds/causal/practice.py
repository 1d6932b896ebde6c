"""How the causal world is practised while a model is trained (``clin/distill/practice.py``): the
shortest plan, wrong turns, how it is searched, and drills. Nothing that acts or writes memories may
read this."""

from __future__ import annotations

import re
from typing import Any

from worlds.causal import open as open_causal
from worlds.causal.search import Searching
from worlds.causal.search import search as search_for

share = 0.2
look = "look around"
harmless = ("look", "open", "inventory")
favoured = ("go", "look", "pick")
two_things = ("use", "unlock", "move")
ways = ("go to",)
commands = frozenset(["look", "inventory", "open", "pick", "move", "use", "activate", "unlock"])
can_be_led_astray = True

_OBJECT_MATTERS = re.compile(r"^(?:activate|use|unlock|move .+ to) ?")


def object_matters(action: str) -> str:
    found = _OBJECT_MATTERS.match(action)
    if not found:
        return ""
    return "move" if action.startswith("move ") else found[0].strip()


def search(task: str) -> Searching:
    return search_for


def paths(task: str, variation: int, options: dict[str, Any]) -> list[tuple[str, ...]]:
    world = open_causal(task, variation, **options)
    try:
        return [world.plan()]
    finally:
        world.close()


def _tool(draw: Any) -> dict[str, Any]:
    device, room = draw.device(), draw.room()
    return {
        "goal": f"Your task is to repair the {device}.",
        "before": [
            (
                f"go to {room}",
                f"You go to the {room}. In it, you see: a {device} (that is broken)",
                0.0,
            ),
            ("inventory", _held(draw.names), 0.0),
        ],
        "action": f"use {{}} on {device}",
        "pool": draw.names,
        "done": f"The {device} is mended.",
    }


def _key(draw: Any) -> dict[str, Any]:
    keys = [name if name.endswith(" key") else f"{name} key" for name in draw.names]
    colour = draw.colour()
    return {
        "goal": "Your task is to deliver the letter through the chute.",
        "before": [
            (look, draw.listing(draw.room(), [f"{colour} door locked"]), 0.1),
            ("inventory", _held(keys), 0.0),
        ],
        "action": f"unlock {colour} door with {{}}",
        "pool": keys,
        "failed": f"The {colour} door stays locked with this key.",
        "done": f"With a click the {colour} door gives way.",
    }


def _device(draw: Any) -> dict[str, Any]:
    thing, room = draw.substance(), draw.room()
    return {
        "goal": f"Your task is to make glass of {thing}.",
        "before": [
            (look, draw.listing(room, draw.names), 0.1),
            (f"pick up {thing}", f"You take the {thing}.", 0.0),
        ],
        "action": f"move {thing} to {{}}",
        "pool": draw.names,
    }


def _held(things: list[str]) -> str:
    return f"In your hands you have: {', '.join(f'a {thing}' for thing in things)}."


drills = (_tool, _key, _device)
