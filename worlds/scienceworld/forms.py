"""The forms of action, with what each means (the simulator's own list, its ``getPossibleActions``,
in our words)."""

from __future__ import annotations

from worlds import Template

_ALWAYS = (
    ("look around", "describe the room"),
    ("look at OBJ", "describe a thing"),
    ("look in OBJ", "describe what a container holds"),
    ("inventory", "list what you hold"),
    ("task", "read the task again"),
    ("focus on OBJ", "tell that this thing is what the task asks for"),
    ("go to PLACE", "walk to a room next to this one"),
    ("open OBJ", "open a door or container"),
    ("close OBJ", "close it"),
    ("pick up OBJ", "take a thing into your inventory"),
    ("put down OBJ", "lay down what you hold"),
    ("move OBJ to OBJ", "put a thing into or onto another"),
    ("pour OBJ into OBJ", "pour a substance, or what a container holds, into a container"),
    ("dunk OBJ into OBJ", "dip a container into a liquid"),
    ("mix OBJ", "mix what a container holds, for a chemical reaction"),
    ("activate OBJ", "turn a device on"),
    ("deactivate OBJ", "turn it off"),
    ("use OBJ [on OBJ]", "use a tool, such as a thermometer on what is to be measured"),
    ("read OBJ", "read a note or book"),
    ("eat OBJ", "eat it"),
    ("flush OBJ", "flush a toilet"),
    ("wait", "let ten steps of time pass"),
    ("wait1", "let one step of time pass"),
)
_TELEPORT = ("teleport to PLACE", "be in any room at once")
_ELECTRICAL = (
    ("connect OBJ to OBJ", "connect wires and electrical parts"),
    ("disconnect OBJ", "take such a connection away"),
)


def forms(simplifications: str) -> tuple[Template, ...]:
    """The forms of a world with these ``simplifications``, as the simulator takes them."""
    easy = simplifications == "easy"
    chosen = simplifications.split(",")
    found = list(_ALWAYS)
    if easy or "teleportAction" in chosen:
        found.insert(7, _TELEPORT)
    if not easy and "noElectricalAction" not in chosen:
        found += _ELECTRICAL
    return tuple(Template(form, means) for form, means in found)
