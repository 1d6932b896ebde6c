"""ScienceWorld's language: what its actions and answers mean (see ``memory/language.py``)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

hints = (
    '"focus on OBJECT" tells the world that OBJECT is what the task is about. It is critical and '
    "can be done only a few times: focus on the right object, at the right moment, never to look "
    "closer.",
)
costly_actions = ("focus ", "pick ", "move ")

_MOVE = re.compile(r"^(?:teleport|go) to (?P<place>.+)$")
_TRIED = re.compile(r"^use .+ on (?P<on>.+?)$")
_UNKNOWN = re.compile(r"^(?:No known action|Unknown action|I'm not sure what that means)")
_REFUSED = re.compile(rf"{_UNKNOWN.pattern}|^You can't")
_ASKED = "Ambiguous request"
_MENU = "Please enter the number for the action you intended (or blank to cancel):"
_CHOICE = re.compile(r"^(\d+):\s*(.+?)\s*$", re.MULTILINE)
_FOCUSED = re.compile(r"^You focus on the (?P<thing>.+?)\.")
_MIXED = re.compile(r"^[\w ,]{1,80} mix to produce (?P<what>[a-z -]{1,40})\.\s*$")
_ROOM = re.compile(
    r"^(?:This room is called the|This outside location is called the) (?P<room>[a-z ]+)\. "
    r"(?:In it, you see|Here you see):? ?\n?"
)
_TWICE = re.compile(r"\b([a-z]+)(?: \1)+\b")
_DOORS = "You also see:"
_HELD = "In your inventory, you see:"
_OPENED = re.compile(r"\. The [\w ]+? door is open(?=[:.]|$)")
_SCENERY = frozenset({"table", "door", "cupboard"})
_ALWAYS_THERE = frozenset({"", "the agent", "a substance called air"})
_LOOKS = frozenset(["look", "examine", "inventory", "read", "task"])
_ALTERING = frozenset(["focus", "move", "pour", "use", "activate", "mix", "connect"])
_DEEDS = _ALTERING | {"pick", "read"}

_LONGEST_ROOM, _LONGEST_READ, _LONGEST_HELD, _LONGEST = 900, 1200, 480, 160
"""Characters that are left of a room, of what was read, of what is held and of any other answer."""
_READ_AT_ALL = 5_000
"""Characters of a room's description that are read at all: the longest has 2,227, and the patterns
below take quadratic time on text that is made to defeat them."""


def destination(action: str) -> str:
    found = _MOVE.match(action)
    return found["place"] if found else ""


def is_jump(action: str) -> bool:
    return action.startswith("teleport to ")


def way_to(place: str, done: Collection[str]) -> str:
    """On foot for one who walked and never teleported."""
    ways = {action.split(" ")[0] for action in done if destination(action)}
    return f"go to {place}" if ways == {"go"} else f"teleport to {place}"


def passes_time(action: str) -> bool:
    return action.startswith("wait")


def is_look(action: str) -> bool:
    return action.split(" ")[0] in _LOOKS


def inspects(action: str) -> bool:
    return action.startswith(("look at ", "look in ", "examine "))


def takes_or_opens(action: str) -> bool:
    return action.startswith(("pick up ", "open "))


def opens(action: str) -> bool:
    return action.startswith("open ")


def is_deed(action: str) -> bool:
    return action.split(" ")[0] in _DEEDS


def alters(action: str) -> bool:
    return action.split(" ")[0] in _ALTERING


def tried_on(action: str) -> str:
    found = _TRIED.match(action)
    return found["on"] if found else ""


def is_unknown(observation: str) -> bool:
    return bool(_UNKNOWN.match(observation))


def is_refused(observation: str) -> bool:
    return bool(_REFUSED.match(observation))


def choices_offered(observation: str) -> dict[str, str]:
    return dict(_CHOICE.findall(observation)) if observation.startswith(_ASKED) else {}


def meant(action: str, observation: str) -> str:
    """An answer by number says nothing of what was focused on; the world does."""
    found = _FOCUSED.match(observation)
    return f"focus on {found['thing']}" if found and action.startswith("focus") else action


def called(phrase: str) -> str:
    """What a room shows as "baby wolf" is offered as "baby baby wolf"."""
    return _TWICE.sub(r"\1", phrase)


def changes(action: str, observation: str) -> list[str]:
    """What was mixed into another thing. Other states are seen later, when one looks."""
    found = _MIXED.match(observation[:_READ_AT_ALL]) if action.startswith("mix ") else None
    return [f"make {found['what']}"] if found else []


def arrived_at(action: str, observation: str) -> str:
    """ "You move to the hall."; a closed door and an unknown place are told in other words."""
    led = observation.startswith("You ") and not is_refused(observation)
    return destination(action) if led else ""


def room(observation: str) -> str:
    found = _ROOM.match(observation)
    return found["room"] if found else ""


def things_seen(action: str, observation: str) -> tuple[str, list[str]] | None:
    """What "look around" shows; to look at the room from within is no look around."""
    here = room(observation)
    if action != "look around" or not here:
        return None
    names = map(_name, _contents(observation))
    return here, [name for name in names if name not in _SCENERY and " door to " not in name]


def sights(surroundings: str) -> tuple[str, list[str], list[str]]:
    """The room, its things with their states and its doors, and what is held."""
    told, _, held = surroundings.partition(_HELD)
    inside, _, outside = told.partition(_DOORS)
    things = _contents(inside) if room(told) else map(_phrase, inside.split("\n"))
    seen = [*things, *map(_phrase, outside.split("\n"))]
    carried = map(_phrase, held.split("\n"))
    return room(told), _tidied(seen), _tidied(carried)


def _tidied(phrases: Iterable[str]) -> list[str]:
    """Phrases without what :func:`shortened` leaves of an open container's door, and of empty
    ones."""
    opened = (_OPENED.sub("", phrase).replace(" ,", ",").rstrip(".") for phrase in phrases)
    return [phrase for phrase in opened if phrase]


def shortened(action: str, observation: str) -> str:
    if here := room(observation):
        return f"{here}: {'; '.join(_contents(observation))}"[:_LONGEST_ROOM]
    line = " ".join(observation.split())
    if line.startswith(_ASKED):
        line = line.replace(_MENU, "")
    return line[: _longest(action)]


def _longest(action: str) -> int:
    """Characters that are left of an answer to ``action`` that describes no room."""
    if action.startswith("look around"):
        return _LONGEST_ROOM
    if action.startswith("read "):
        return _LONGEST_READ
    return _LONGEST_HELD if action == "inventory" else _LONGEST


_SHORTER = [  # sentences about an object, shortened to what matters for acting
    (re.compile(r"a substance called "), ""),
    (re.compile(r"\(containing nothing\)"), ""),
    (re.compile(r"(?:On|In) the [\w ]+? is: nothing\.?"), ""),
    (re.compile(r"\. (?:On|In) the [\w ]+? is: "), ": "),
    (re.compile(r"\. The [\w ]+? door is (open|closed)\."), r" \1"),
    (re.compile(r"(?:On|In) the [\w ]+? is: "), ": "),
    (re.compile(r", which is turned (on|off)"), r" \1"),
    (re.compile(r", which is (deactivated|activated)"), r" \1"),
    (re.compile(r", currently reading a temperature of (-?\d+) degrees celsius"), ""),
    (re.compile(r"\(containing "), "("),
    (re.compile(r"\b(?:an?|A) "), ""),
    (re.compile(r" \(that is open\)"), ""),
    (re.compile(r"\(that is (\w+)\)"), r"\1"),
    (re.compile(r"\bdoor to the "), "door to "),
]


def _contents(observation: str) -> list[str]:
    """What a room's description lists, one short phrase per thing, without the agent, the air and
    the doors."""
    found = _ROOM.match(observation)
    body = observation[found.end() if found else 0 : _READ_AT_ALL]
    lines = [line.strip() for line in body.split(_DOORS)[0].split("\n")]
    return [_phrase(line) for line in lines if line not in _ALWAYS_THERE]


def _phrase(line: str) -> str:
    for pattern, replacement in _SHORTER:
        line = pattern.sub(replacement, line)
    return " ".join(line.split()).strip(" .").replace(" :", ":").replace(" )", ")")


def _name(phrase: str) -> str:
    """The thing that a phrase of the description is about, without its state and contents."""
    return re.sub(r" ?\(.*| (?:broken|closed|containing .*)$", "", phrase.split(":")[0]).strip()
