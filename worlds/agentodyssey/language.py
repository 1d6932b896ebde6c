"""AgentOdyssey's language: what its actions and answers mean (see ``memory/language.py``)."""

from __future__ import annotations

import re

costly_actions = ("attack ", "throw ", "disassemble ", "discard ")

_GOES = "enter "
_LOOKS = ("inspect ", "talk to ")
_ALTERING = (
    *("equip ", "unequip ", "craft ", "disassemble ", "buy ", "sell ", "write ", "eat "),
    *("attack ", "throw ", "lockpick ", "pickpocket ", "discard "),
)
_HANDLING = ("pick up ", "drop ", "store ", "take out ")
_UNKNOWN = "Invalid action"
_REFUSED = (
    _UNKNOWN,
    *("Cannot ", "You cannot ", "Invalid ", "Failed to ", "There are no ", "I am stunned"),
    *("No armor is currently", "I do not have", "I don't have", "I need "),
)
"""How the answers begin by which a game refuses."""
_PLACE = re.compile(r"^Current Location: [^\n,]{1,80}, (?P<area>[^\n]{1,80})$", re.MULTILINE)
_SEEN = re.compile(r"^I see (?P<what>[^\n]*?) (?:near me|nearby)\.$", re.MULTILINE)
_HELD = re.compile(r"^I (?:am holding|have equipped) (?P<what>[^\n]*)\.$", re.MULTILINE)
_WAYS = re.compile(r"^Neighboring areas: (?P<what>[^\n]*)\.$", re.MULTILINE)
_NONE = frozenset(["no objects", "no one", "no neighboring areas", ""])
_READ_AT_ALL, _LONGEST_TOLD, _LONGEST = 5_000, 900, 400
"""Characters of an answer that are read at all, and that are left of one that tells much (a place,
talk, a description) and of any other."""


def destination(action: str) -> str:
    return action.removeprefix(_GOES).strip() if action.startswith(_GOES) else ""


def is_move(action: str) -> bool:
    return bool(destination(action))


def way_to(place: str, done: object) -> str:
    return f"{_GOES}{place}"


def passes_time(action: str) -> bool:
    return action == "wait"


def is_look(action: str) -> bool:
    return action.startswith(_LOOKS)


def inspects(action: str) -> bool:
    return action.startswith("inspect ")


def takes_or_opens(action: str) -> bool:
    return action.startswith(("pick up ", "take out "))


def is_deed(action: str) -> bool:
    return alters(action) or action.startswith(_HANDLING)


def alters(action: str) -> bool:
    return action.startswith(_ALTERING)


def is_unknown(observation: str) -> bool:
    return observation.startswith(_UNKNOWN)


def is_refused(observation: str) -> bool:
    return observation.startswith(_REFUSED)


def room(observation: str) -> str:
    found = _PLACE.search(observation[:_READ_AT_ALL])
    return found["area"] if found else ""


def sights(surroundings: str) -> tuple[str, list[str], list[str]]:
    """The area, each thing, person and way, and each thing that is held or worn."""
    told = surroundings[:_READ_AT_ALL]
    if not room(told):
        return "", [line.strip() for line in told.splitlines() if line.strip()], []
    ways = [f"the way to {each}" for each in _named(_WAYS, told)]
    return room(told), [*_named(_SEEN, told), *ways], _named(_HELD, told)


def shortened(action: str, observation: str) -> str:
    much = is_move(action) or is_look(action) or not action
    return " ".join(observation.split())[: _LONGEST_TOLD if much else _LONGEST]


def _named(line: re.Pattern[str], told: str) -> list[str]:
    things = [each.strip() for found in line.finditer(told) for each in found["what"].split(",")]
    return [each for each in things if each not in _NONE]
