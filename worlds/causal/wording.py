"""What the causal world says: sentences of one meaning in several wordings. ``plain`` always takes
the first.

Rooms are described as ScienceWorld describes them, so that what reads one reads the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

SENTENCES = {
    "go": ("You go to the {}.", "You walk to the {}.", "You are in the {} now."),
    "take": ("You pick up the {}.", "You take the {}.", "You have the {} now."),
    "open": ("You open the {}.", "You lift the lid: the {} is open.", "You have opened the {}."),
    "inside": ("In it you see: {}.", "It holds: {}.", "Inside: {}."),
    "unlock": (
        "The key turns: the {} door is unlocked.",
        "The {} door is not locked any more.",
        "With a click the {} door gives way.",
    ),
    "no fit": (
        "Nothing happens: this key does not fit the {} door.",
        "The {} door stays locked with this key.",
        "This key is not made for the {} door.",
    ),
    "put": (
        "You move the {} to the {}.",
        "You put the {} into the {}.",
        "You lay the {} in the {}.",
    ),
    "repair": (
        "You repair the {}: it works again.",
        "The {} is mended.",
        "That was it: the {} is no longer broken.",
    ),
    "start": ("The {} is ready to work now.", "You get the {} going.", "The {} comes to life."),
    "no use": ("Nothing happens.", "That has no effect.", "Nothing changes."),
    "broken": (
        "Nothing happens: the {} is broken.",
        "The {} does not stir: it is broken.",
        "It is no use: the {} is broken.",
    ),
    "idle": (
        "Nothing happens: the {} is not ready.",
        "The {} only rattles: something has to start it.",
        "The {} does not begin to work.",
    ),
    "make": ("The {} makes {}.", "The {} hums, and there is {}.", "Out of the {} comes {}."),
    "grow": (
        "A {} has grown in the planter.",
        "In the planter stands a {} now.",
        "The planter holds a {}.",
    ),
    "wait": ("Time passes.", "You wait a while.", "Nothing much happens for a while."),
    "growing": (
        "Something sprouts in the planter.",
        "The planter shows a first green tip.",
        "There is a sprout in the planter.",
    ),
    "hazard": (
        "The {} bursts with the {} in it. That was the end of it.",
        "The {} in the {} explodes.",
        "With a bang it is over: never the {} with the {}.",
    ),
    "delivered": (
        "The {} slides down the chute: delivered.",
        "The chute takes the {}.",
        "The {} is on its way.",
    ),
}
REFUSED = "No known action matches that input."
IMPOSSIBLE = "You can't do that here."


class Voice:
    """Says things; which wording is decided by ``seed`` and by the step, never by chance."""

    def __init__(self, seed: str, plain: bool) -> None:
        self._seed, self._plain = seed, plain

    def say(self, kind: str, *words: str, step: int) -> str:
        """The sentence ``kind`` about ``words``."""
        forms = SENTENCES[kind]
        choice = 0 if self._plain else crc32(f"{self._seed} {step} {kind}".encode()) % len(forms)
        if kind == "hazard" and choice == 1:
            words = words[::-1]
        return forms[choice].format(*words)


def described(room: str, things: Sequence[str], doors: Sequence[str]) -> str:
    """A room: one line per thing and per door."""
    lines = "".join(f"\t{line}\n" for line in ("the agent", *things, *doors))
    return f"This room is called the {room}. In it, you see: \n{lines}"


def listed(things: Sequence[str]) -> str:
    """Things in words; "nothing" for none."""
    return ", ".join(f"a {thing}" for thing in things) or "nothing"
