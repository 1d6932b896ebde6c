"""TextWorldExpress's language: what its actions and answers mean (see ``memory/language.py``)."""

from __future__ import annotations

import re

_LOOKS = frozenset(["look", "examine", "inventory", "read", "task"])
_WAYS = frozenset(["move north", "move south", "move east", "move west"])

_LONGEST_ROOM, _LONGEST_READ, _LONGEST_HELD, _LONGEST = 900, 1200, 480, 160
"""Characters that are left of a room, of what was read, of what is held and of any other answer."""
_READ_AT_ALL = 3_000
"""Characters of a room's description that are read at all."""
_BEGINS = re.compile(r"^You are in the (?P<room>[\w ]+)\. ")
_THING = re.compile(
    r"(?:In (?:one|another) part of the room you see|There is also|You also see) (?:an? |some )?"
)
_WAY = re.compile(
    r"(?:Through an open (?P<door>[^,.]+), to|To) "
    r"the (?P<where>North|South|East|West) you see (?:the |an? )?(?P<what>[^.]+)"
)
_COOKED = re.compile(
    r"You (?P<how>fry|roast|grill) the (?P<what>[a-z ]{1,40}?) with the [a-z ]{1,40}\."
)
_CARRIED = "Inventory"
_NOTHING = "inventory is currently empty"
_EMPTY = re.compile(r", that (?:has nothing on it|is empty)$")
_HOLDS = re.compile(r" that has (?P<things>.+) on it$")


def is_move(action: str) -> bool:
    """One walks by compass: a way has no name of its own, and the answer says where it led."""
    return action in _WAYS


def is_look(action: str) -> bool:
    return action.split(" ")[0] in _LOOKS


def inspects(action: str) -> bool:
    return action.startswith("examine ")


def takes_or_opens(action: str) -> bool:
    return action.startswith(("take ", "open "))


def opens(action: str) -> bool:
    return action.startswith("open ")


def is_deed(action: str) -> bool:
    return action.startswith("read ")


def is_unknown(observation: str) -> bool:
    return observation.startswith("Unknown action")


def is_refused(observation: str) -> bool:
    """ "You can't move there, the door is closed." comes to nothing as well."""
    return observation.startswith(("Unknown action", "You can't"))


def changes(action: str, observation: str) -> list[str]:
    """In which way a thing was cooked: the recipe asks for that, and the action names the tool."""
    found = _COOKED.match(observation) if action.startswith("cook ") else None
    return [f"{found['how']} {found['what']}"] if found else []


def arrived_at(action: str, observation: str) -> str:
    begins = _BEGINS.match(observation)
    return begins["room"] if begins and is_move(action) else ""


def sights(surroundings: str) -> tuple[str, list[str], list[str]]:
    """The room, its things with what they hold and its exits, and what is carried; outside rooms
    what Simon says."""
    told, _, carried = surroundings.partition(_CARRIED)
    held = [_phrase(line) for line in carried.split("\n")[1:] if _NOTHING not in line]
    place, _, things = _described(told).partition(": ")
    lines = things.split("; ") if place else told.split("\n")
    return place, [each.strip() for each in lines if each.strip()], [each for each in held if each]


def shortened(action: str, observation: str) -> str:
    if told := _described(observation):
        return told[:_LONGEST_ROOM]
    return " ".join(observation.split())[: _longest(action)]


def _longest(action: str) -> int:
    """Characters that are left of an answer to ``action`` that describes no room."""
    if action.startswith("look around"):
        return _LONGEST_ROOM
    if action.startswith("read "):
        return _LONGEST_READ
    return _LONGEST_HELD if action == "inventory" else _LONGEST


def _described(observation: str) -> str:
    """The room, its things and its exits on one line; empty for any other text."""
    begins = _BEGINS.match(observation)
    if begins is None:
        return ""
    told = observation[begins.end() : _READ_AT_ALL]
    inside, _, outside = told.partition("\n")
    things = [_phrase(each) for each in _THING.split(inside)]
    ways = [f"{each['where']} {each['what'].strip()}" for each in _WAY.finditer(outside or inside)]
    return f"{begins['room']}: {'; '.join([*filter(None, things), *ways])}"


def _phrase(thing: str) -> str:
    """ "counter that has a knife, and a cookbook on it." as "counter (a knife, a cookbook)"; what
    is empty or open is not said."""
    thing = _EMPTY.sub("", thing.strip().rstrip(". ")).replace(" that is closed", " closed")
    thing = _HOLDS.sub(lambda found: f" ({found['things'].replace(', and ', ', ')})", thing)
    return re.sub(r"\b(?:an?|some) ", "", thing)
