"""The causal world's language: what its actions and answers mean (see ``memory/language.py``).

What it says is in :mod:`worlds.causal.wording`.
"""

from __future__ import annotations

import re

from worlds.causal.wording import SENTENCES

costly_actions = ("pick ", "move ")

_GO = "go to "
_TRIED = re.compile(r"^(?:use .+ on|unlock) (?P<on>.+?)(?: with .+)?$")
_DID_NOT_FIT = re.compile(
    r"^(?:Nothing happens(?:\.|: this key)|That has no effect\.|Nothing changes\."
    r"|This key is not made for|The \w+ door stays locked)"
)
"""The ways to say it; that a device is broken or not ready says no such thing."""
_ROOM = re.compile(r"^This room is called the (?P<room>[a-z ]+)\. In it, you see:? ?\n?")
_CHANGES = {
    "repair": "repair",
    "start": "start",
    "make": "make",
    "grow": "grow",
    "delivered": "deliver",
}
"""What came about, by the sentence that tells of it."""


def _telling(form: str) -> re.Pattern[str]:
    """Matches a sentence of this form, whose last blank names what it tells of."""
    before, _, after = re.escape(form).rpartition(re.escape("{}"))
    told = before.replace(re.escape("{}"), "[a-z ]{1,40}")
    return re.compile(rf"{told}(?P<thing>[a-z ]{{1,40}}){after}")


_TELLS = [(verb, _telling(form)) for kind, verb in _CHANGES.items() for form in SENTENCES[kind]]
_HELD = "In your hands you have: "
_ALTERING = frozenset(["move", "use", "activate", "unlock"])

_LONGEST_ROOM, _LONGEST_HELD, _LONGEST = 900, 480, 160
"""Characters that are left of a room, of what is held and of any other answer."""
_READ_AT_ALL = 5_000
"""Characters of a room's description that are read at all."""


def destination(action: str) -> str:
    return action.removeprefix(_GO) if action.startswith(_GO) else ""


def passes_time(action: str) -> bool:
    return action.startswith("wait")


def is_look(action: str) -> bool:
    return action.split(" ")[0] in ("look", "inventory")


def takes_or_opens(action: str) -> bool:
    return action.startswith(("pick up ", "open "))


def opens(action: str) -> bool:
    return action.startswith("open ")


def is_deed(action: str) -> bool:
    return alters(action) or action.startswith("pick ")


def alters(action: str) -> bool:
    return action.split(" ")[0] in _ALTERING


def tried_on(action: str) -> str:
    found = _TRIED.match(action)
    return found["on"] if found else ""


def is_unknown(observation: str) -> bool:
    return observation.startswith("No known action")


def is_refused(observation: str) -> bool:
    return observation.startswith(("No known action", "You can't"))


def did_not_fit(action: str, observation: str) -> bool:
    return action.split(" ")[0] in ("use", "unlock") and bool(_DID_NOT_FIT.match(observation))


def changes(action: str, observation: str) -> list[str]:
    """What the world's rules bring about: no action names what comes of it."""
    told = observation.strip()
    found = ((verb, pattern.fullmatch(told)) for verb, pattern in _TELLS)
    return [f"{verb} {match['thing']}" for verb, match in found if match]


def room(observation: str) -> str:
    found = _ROOM.match(observation)
    return found["room"] if found else ""


def things_seen(action: str, observation: str) -> tuple[str, list[str]] | None:
    """What "look around" shows, and walking in."""
    told = _described(observation)
    if not told or not (action == "look around" or destination(action)):
        return None
    names = map(_name, _contents(told))
    return room(told), [name for name in names if " door to " not in name]


def sights(surroundings: str) -> tuple[str, list[str], list[str]]:
    """The room, its things with their states and its doors, and what is in hand."""
    told, _, held = surroundings.partition(_HELD)
    hands = [] if held.strip() == "nothing." else held.strip().rstrip(".").split(", ")
    return room(told), _contents(told), [_phrase(each) for each in hands if each]


def shortened(action: str, observation: str) -> str:
    if told := _described(observation):
        entered = observation.removesuffix(told).strip()
        seen = f"{room(told)}: {'; '.join(_contents(told))}"
        return f"{entered} {seen}".strip()[:_LONGEST_ROOM]
    return " ".join(observation.split())[: _longest(action)]


def _longest(action: str) -> int:
    """Characters that are left of an answer to ``action`` that describes no room."""
    if action.startswith("look around"):
        return _LONGEST_ROOM
    return _LONGEST_HELD if action == "inventory" else _LONGEST


def _described(observation: str) -> str:
    """The description of a room in ``observation``: all of it, or what follows its first line;
    empty where there is none."""
    rest = observation.partition("\n")[2]
    return next((told for told in (observation, rest) if room(told)), "")


def _contents(description: str) -> list[str]:
    """One short phrase per thing and door, without the agent."""
    found = _ROOM.match(description)
    body = description[found.end() if found else 0 : _READ_AT_ALL]
    lines = [line.strip() for line in body.split("\n")]
    return [_phrase(line) for line in lines if line not in ("", "the agent")]


_SHORTER = [
    (re.compile(r"\(containing nothing\)"), ""),
    (re.compile(r"\(containing "), "("),
    (re.compile(r"\b(?:an?|A) "), ""),
    (re.compile(r" \(that is open\)"), ""),
    (re.compile(r"\(that is (\w+)\)"), r"\1"),
    (re.compile(r"\bdoor to the "), "door to "),
]


def _phrase(line: str) -> str:
    for pattern, replacement in _SHORTER:
        line = pattern.sub(replacement, line)
    return " ".join(line.split()).strip(" .")


def _name(phrase: str) -> str:
    """The thing that a phrase of the description is about, without its state and contents."""
    return re.sub(r" ?\(.*| (?:broken|closed|containing .*)$", "", phrase).strip()
