"""ALFWorld's language: what its actions and answers mean (see ``memory/language.py``).

Games of before version 0.4.0 lay a thing down with "put X in/on Y" and answer a walk with "You
arrive at loc 4."; the newer ones have "move X to Y" and "You arrive at desk 1.". Both are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_GOES = "go to "
_LOOKS = ("look", "inventory", "help")
_ALTERING = ("move ", "put ", "heat ", "cool ", "clean ", "slice ", "use ")
_REFUSED = "Nothing happens"
"""The one answer to all that cannot be done, whatever the reason."""

_NAME = r"\w+ \d+"
"""A thing's name: its kind in one word, and a number."""
_WELCOME = re.compile(r"\s*-= Welcome to TextWorld, ALFRED! =-\s*")
_ARRIVED = re.compile(rf"You arrive at (?:loc \d+|(?P<place>{_NAME}))\.\s*")
_FACING = re.compile(r"You are facing the (?P<what>[^.\n]+)\.(?P<rest>.*)", re.DOTALL)
_HOLDER = re.compile(
    rf"(?:On the (?P<on>{_NAME}), you see |The (?P<open>{_NAME}) is open\. In it, you see "
    rf"|The (?P<closed>{_NAME}) is closed)(?P<what>[^.\n]*)\."
)
"""What a piece of furniture is said to hold, or that it is closed."""
_BESIDE = re.compile(r"Next to it, you see (?P<what>[^.\n]*)\.")
_HANDS = ("You are carrying: ", "You are not carrying ")
_CARRIED = re.compile(r"You are carrying: (?P<what>[^.\n]*)\.")
_AND = re.compile(r",? and |, ")
_ARTICLE = re.compile(r"^an? ")
_READ_AT_ALL, _LONGEST = 8_000, 1_200
"""Characters of an answer that are read at all, and that are left of one."""


def destination(action: str) -> str:
    return action.removeprefix(_GOES).strip() if action.startswith(_GOES) else ""


def is_move(action: str) -> bool:
    return bool(destination(action))


def is_jump(action: str) -> bool:
    """One goes from anywhere to anywhere."""
    return is_move(action)


def way_to(place: str, done: object) -> str:
    return f"{_GOES}{place}"


def is_look(action: str) -> bool:
    return action in _LOOKS or inspects(action)


def inspects(action: str) -> bool:
    return action.startswith("examine ")


def takes_or_opens(action: str) -> bool:
    return action.startswith(("take ", "open "))


def opens(action: str) -> bool:
    return action.startswith("open ")


def is_deed(action: str) -> bool:
    return alters(action) or action.startswith(("take ", "close "))


def alters(action: str) -> bool:
    return action.startswith(_ALTERING)


def is_refused(observation: str) -> bool:
    return observation.startswith(_REFUSED)


def room(observation: str) -> str:
    """The piece of furniture where one stands; at first that is none, and one cannot go back to
    the middle of the room. Where several stand at one place, looking does not tell which was gone
    to, and what is seen tells of that one first."""
    told = observation[:_READ_AT_ALL]
    if facing := _FACING.match(told):
        names = _things(facing["what"])
        return names[0] if len(names) == 1 else _first_holder(facing["rest"])
    if arrived := _ARRIVED.match(told):
        return arrived["place"] or _first_holder(told)
    return ""


def things_seen(action: str, observation: str) -> tuple[str, list[str]] | None:
    """What stands on it or, where it is open, in it."""
    if not is_move(action) or not _ARRIVED.match(observation):
        return None
    holders = _holders(observation[:_READ_AT_ALL])
    return destination(action), [each for *_, things in holders for each in things]


def sights(surroundings: str) -> tuple[str, list[str], list[str]]:
    """Where one stands; each thing on or in it, and whether it is open or closed, with the name of
    what else stands there; and what is held."""
    told, here = surroundings[:_READ_AT_ALL], room(surroundings)
    held = _listed(_CARRIED, told)
    if not here:
        lines = [line.strip() for line in told.splitlines()]
        return "", [each for each in lines if each and not each.startswith(_HANDS)], held
    seen = []
    for name, state, things in _holders(told):
        seen += [f"{name} {state}"] if state else []
        seen += things if name == here else [f"{each} ({name})" for each in things]
    return here, [*seen, *_listed(_BESIDE, told)], held


def shortened(action: str, observation: str) -> str:
    """Without the greeting, and without where one arrived, since the action names it."""
    told = _ARRIVED.sub("", _WELCOME.sub("", observation[:_READ_AT_ALL]))
    return " ".join(told.split())[:_LONGEST]


def _holders(told: str) -> Iterator[tuple[str, str, list[str]]]:
    """Each piece of furniture that is told of: its name, "open" or "closed" where it can be, and
    the things that are seen there."""
    for found in _HOLDER.finditer(told):
        state = next((each for each in ("open", "closed") if found[each]), "")
        yield found[state or "on"], state, _things(found["what"])


def _first_holder(told: str) -> str:
    return next((name for name, *_ in _holders(told)), "")


def _listed(pattern: re.Pattern[str], told: str) -> list[str]:
    return [each for found in pattern.finditer(told) for each in _things(found["what"])]


def _things(what: str) -> list[str]:
    """What "a mug 1, a knife 1, and a pan 2" names, thing by thing; "nothing" is none."""
    things = [_ARTICLE.sub("", each.strip()) for each in _AND.split(what)]
    return [each for each in things if each and each != "nothing"]
