"""The prompt ``compact-1``: what the small bundled model reads, and nothing else.

A Llama of five million parameters knows no instructions. It was trained on one form, and this file is that form, to
the byte and to the segment (each part is tokenised by itself, in training and here)::

    <bos>
    "Task: boil gallium. ...\\n"
    "Memory:\\n"
    "- focus on tin DOES NOT CONTRIBUTE to the task\\n"     one part per link, or "none\\n"
    ">" " look around\\n" "kitchen: chair; counter ...\\n"  three parts per step

It is append-only. When the steps no longer fit, the oldest go and ``GAP`` stands in their place. After the world's
"Ambiguous request" the next action is the number of one of its readings: a turn like any other.
"""

from __future__ import annotations

import re

from memory.trials import Memory

ASK = ">"
"""The part after which an action is expected."""

GAP = "...\n"
"""Stands between the head and the oldest step that is still shown, where older ones were left out."""

LOOK_LIMIT = 900
"""Characters kept of a whole room."""

LIMIT = 160
"""Characters kept of any other observation."""

READ_LIMIT = 10_000
"""Characters of an observation that are looked at all; the longest of ScienceWorld's has 2,227."""

_LEAD = "Your task is to "
_MENU = "Please enter the number for the action you intended (or blank to cancel):"

_ROOM = re.compile(
    r"(?:This room is called the|This outside location is called the) ([a-z ]+)\. "
    r"(?:In it, you see|Here you see):? ?\n?"
)
"""How ScienceWorld opens its answer to ``look around``."""

_EXITS = "You also see:"
"""What follows are doors; the trained model moves by ``teleport to`` and never read them."""

_NO_THINGS = frozenset({"", "the agent", "a substance called air"})
"""Lines that say the same in every room."""

_ABBREVIATIONS = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"a substance called ", ""),
        (r"\(containing nothing\)", ""),
        (r"(?:On|In) the [\w ]+? is: nothing\.?", ""),  # "a chair. On the chair is: nothing." -> "a chair"
        (r"\. (?:On|In) the [\w ]+? is: ", ": "),  # "a table. On the table is: a cup." -> "a table: a cup"
        (r"\. The [\w ]+? door is (open|closed)\.", r" \1"),
        (r"(?:On|In) the [\w ]+? is: ", ": "),  # what remains after a door's state
        (r", which is turned (on|off)", r" \1"),
        (r", which is (deactivated|activated)", r" \1"),
        (r", currently reading a temperature of (-?\d+) degrees celsius", ""),
        (r"\(containing ", "("),
        (r"\b(an?|A) ", ""),
        (r"\s+", " "),
    )
)
"""One thing of a room, shortened: applied in this order, which matters."""


def head(goal: str, memory: Memory) -> tuple[str, ...]:
    """The parts before the first step: the task, then one part per link (``none`` for an empty memory)."""
    links = tuple(f"- {link}\n" for link in memory.links)
    return (f"Task: {_one_line(goal).replace(_LEAD, '')}\n", "Memory:\n", *(links or ("none\n",)))


def choice(action: str) -> str:
    """``action`` as the part that follows ``ASK``."""
    return f" {_one_line(action)}\n"


def turn(action: str, observation: str) -> tuple[str, ...]:
    """The two parts of a step after ``ASK``: what was done, and what the world answered, shortened."""
    return choice(action), f"{shorten(action, observation)}\n"


def shorten(action: str, observation: str) -> str:
    """One line of at most ``LOOK_LIMIT`` characters for a look around, ``LIMIT`` for anything else. Never raises."""
    observation = observation[:READ_LIMIT]
    if action.startswith("look around"):
        return _room(observation)[:LOOK_LIMIT]
    line = _one_line(observation)
    if line.startswith("Ambiguous request"):
        line = line.replace(_MENU, "")
    return line[:LIMIT]


def _room(observation: str) -> str:
    """``kitchen: chair; table: glass cup; sink off`` of ScienceWorld's description; any other text as one line."""
    opening = _ROOM.match(observation)
    if not opening:
        return _one_line(observation)
    lines = observation[opening.end() :].split(_EXITS)[0].split("\n")
    things = [_thing(line) for line in map(str.strip, lines) if line not in _NO_THINGS]
    return f"{opening.group(1)}: {'; '.join(things)}"


def _thing(line: str) -> str:
    for pattern, replacement in _ABBREVIATIONS:
        line = pattern.sub(replacement, line)
    return line.strip(" .").replace(" :", ":").replace(" )", ")")


def _one_line(text: str) -> str:
    return " ".join(text.split())
