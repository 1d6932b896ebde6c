"""TextWorld's language: what its actions and answers mean (see ``memory/language.py``)."""

from __future__ import annotations

import re

costly_actions = ("cook ", "slice ", "chop ", "dice ", "eat ")

_WAYS = frozenset(["north", "south", "east", "west", "up", "down", *"nsewud"])
_LOOKS = frozenset(["look", "l", "examine", "x", "inventory", "i", "read"])
_CUTTING = frozenset(["slice", "chop", "dice"])
_ALTERING = _CUTTING | {"unlock", "lock", "put", "insert", "cook", "prepare", "eat", "drink"}

_LONGEST_ROOM, _LONGEST_READ, _LONGEST_HELD, _LONGEST = 900, 1200, 480, 200
"""Characters that are left of a room, of what was read, of what is held and of any other answer."""
_READ_AT_ALL = 5_000
"""Characters of an answer that are read at all."""
_ROOM = re.compile(r"\s*-= (?P<room>[^\n=]{1,80}) =-(?:\n|$)")
_FIRST = re.compile(r"^(?:\(first [^()\n]{1,80}\)\s*)+")
"""What the game does by itself before an action, such as taking the thing."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_HELD = "You are carrying"
_AND = re.compile(r", and | and |, ")

_UNKNOWN = (
    "That's not a verb I recognise",
    "I beg your pardon",
    "I didn't understand",
    "I only understood",
    "You seem to have said too little",
)
_REFUSED = (
    *_UNKNOWN,
    *("You can't ", "You have to ", "You need to ", "You already ", "You haven't ", "You aren't "),
    *("You still miss", "You should cook", "You're carrying too many"),
    *("That's already", "That's fixed", "That's plainly", "That's unlocked", "That's hardly"),
    *("That can't ", "That isn't ", "That seems ", "It isn't ", "It seems "),
    *("Can only ", "Cooking requires", "Cutting something requires"),
    *("Something still needs", "There is no door", "Violence isn't", "What do you want"),
    *("Which do you mean", "Nothing practical", "But you "),
)
"""How the sentences begin by which a game refuses, Inform's own among them."""
_ALREADY = re.compile(r"The [^.\n]{1,60} (?:(?:is|are) (?:already|fixed|welded)|has already)")
_WAYS_TO_COOK = {"fried": "fry", "roasted": "roast", "grilled": "grill"}
_COOKED = re.compile(rf"You (?P<how>{'|'.join(_WAYS_TO_COOK)}) the (?P<what>[a-z ]{{1,40}})\.")
_NO_KEY = "That doesn't seem to fit"


def is_move(action: str) -> bool:
    """One walks by compass: a way has no name of its own, and the answer says where it led."""
    return action.removeprefix("go ") in _WAYS


def passes_time(action: str) -> bool:
    return action in ("wait", "z")


def is_look(action: str) -> bool:
    return action.split(" ")[0] in _LOOKS


def inspects(action: str) -> bool:
    return action.startswith(("examine ", "x "))


def takes_or_opens(action: str) -> bool:
    return action.startswith(("take ", "open "))


def opens(action: str) -> bool:
    return action.startswith("open ")


def is_deed(action: str) -> bool:
    return alters(action) or action.startswith(("take ", "drop "))


def alters(action: str) -> bool:
    return action.split(" ")[0] in _ALTERING


def tried_on(action: str) -> str:
    verb, _, rest = action.partition(" ")
    thing, by, tool = rest.partition(" with ")
    return thing if verb in ("unlock", "lock") and by and tool else ""


def is_unknown(observation: str) -> bool:
    return _said(observation).startswith(_UNKNOWN)


def is_refused(observation: str) -> bool:
    said = _said(observation)
    return said.startswith(_REFUSED) or bool(_ALREADY.match(said))


def did_not_fit(action: str, observation: str) -> bool:
    return bool(tried_on(action)) and _said(observation).startswith(_NO_KEY)


def changes(action: str, observation: str) -> list[str]:
    """In which way a thing was cooked: the recipe asks for that, and the action names the tool."""
    found = _COOKED.match(_said(observation)) if action.startswith("cook ") else None
    return [f"{_WAYS_TO_COOK[found['how']]} {found['what']}"] if found else []


def arrived_at(action: str, observation: str) -> str:
    return room(observation) if is_move(action) else ""


def room(observation: str) -> str:
    found = _ROOM.match(observation)
    return found["room"] if found else ""


def sights(surroundings: str) -> tuple[str, list[str], list[str]]:
    """The room, a sentence of its description for each thing and way, and what is held."""
    told, _, held = surroundings.partition(_HELD)
    found = _ROOM.match(told)
    if found is None:
        return "", [line.strip() for line in told.splitlines() if line.strip()], _hands(held)
    return found["room"], _contents(told[found.end() :]), _hands(held)


def shortened(action: str, observation: str) -> str:
    found = _ROOM.match(observation)
    if found is not None:
        seen = " ".join(_contents(observation[found.end() :]))
        return f"{found['room']}: {seen}".strip()[:_LONGEST_ROOM]
    return " ".join(observation.split())[: _longest(action)]


def _longest(action: str) -> int:
    """Characters that are left of an answer to ``action`` that describes no room."""
    if action.startswith(("examine ", "read ")):
        return _LONGEST_READ
    return _LONGEST_HELD if action == "inventory" else _LONGEST


def _said(observation: str) -> str:
    """The answer itself, without what the game did first by itself."""
    return _FIRST.sub("", observation.lstrip()[:_READ_AT_ALL])


def _contents(description: str) -> list[str]:
    """The sentences on things and ways. The first paragraph only greets, where others follow."""
    parts = [each.strip() for each in description[:_READ_AT_ALL].split("\n\n") if each.strip()]
    told = parts[1:] or parts
    return [
        " ".join(each.split()) for part in told for each in _SENTENCE.split(part) if each.strip()
    ]


def _hands(held: str) -> list[str]:
    """What " nothing." or ": an old key and a knife." names, thing by thing."""
    things = _AND.split(" ".join(held.strip(" :").rstrip(". \n").split()))
    return [each.strip() for each in things if each.strip() and each.strip() != "nothing"]
