"""The language of Z-machine stories, as far as they share one: what the parsers of Infocom and of
Inform say (see ``memory/language.py``)."""

from __future__ import annotations

import re

_WAYS = frozenset(
    [
        *("north", "south", "east", "west", "up", "down", "in", "out", "n", "s", "e", "w", "u"),
        *("d", "northeast", "northwest", "southeast", "southwest", "ne", "nw", "se", "sw"),
    ]
)
_LOOKS = frozenset(["look", "l", "examine", "x", "inventory", "i"])
_ALTERING = frozenset(
    [
        *("put", "insert", "unlock", "lock", "push", "pull", "turn", "switch", "eat", "drink"),
        *("wear", "remove", "give", "move", "light", "cut", "break", "throw", "tie", "attack"),
    ]
)
_LONGEST_SEEN, _LONGEST = 900, 300
"""Characters that are left of what was looked at, and of any other answer."""
_READ_AT_ALL = 5_000
_FIRST = re.compile(r"^(?:\((?:first )?[^()\n]{1,80}\)\s*)+")
_UNKNOWN = (
    *("That's not a verb", "I beg your pardon", "I didn't understand", "I only understood"),
    *("I don't know the word", "I don't understand", "You used the word", "Beg pardon"),
    *("That sentence isn't one", "There was no verb", "That is for the interpreter"),
)
_REFUSED = (
    *_UNKNOWN,
    *("You can't ", "You have to ", "You already ", "You don't ", "You haven't ", "You aren't "),
    *("That's already", "That's fixed", "That's hardly", "That's plainly", "That's not "),
    *("It's already", "It is already", "It isn't ", "There is no", "There's no", "Which do you"),
    *("What do you want", "Nothing ", "It seems ", "That seems ", "That can't ", "There was no"),
)
"""How the answers begin by which stories refuse."""
_HELD = re.compile(r"^You(?: are|'re) (?:carrying|holding|empty-handed)", re.MULTILINE)


def is_move(action: str) -> bool:
    """One walks by compass: the answer says where a way led."""
    return action.removeprefix("go ") in _WAYS


def passes_time(action: str) -> bool:
    return action in ("wait", "z")


def is_look(action: str) -> bool:
    return action.split(" ")[0] in _LOOKS


def inspects(action: str) -> bool:
    return action.startswith(("examine ", "x "))


def takes_or_opens(action: str) -> bool:
    return action.startswith(("take ", "get ", "open "))


def opens(action: str) -> bool:
    return action.startswith("open ")


def is_deed(action: str) -> bool:
    return alters(action) or action.startswith(("take ", "get ", "drop "))


def alters(action: str) -> bool:
    return action.split(" ")[0] in _ALTERING


def tried_on(action: str) -> str:
    verb, _, rest = action.partition(" ")
    thing, by, tool = rest.partition(" with ")
    return thing if verb in ("unlock", "lock", "open") and by and tool else ""


def is_unknown(observation: str) -> bool:
    return _said(observation).startswith(_UNKNOWN)


def is_refused(observation: str) -> bool:
    return _said(observation).startswith(_REFUSED)


def did_not_fit(action: str, observation: str) -> bool:
    return bool(tried_on(action)) and _said(observation).startswith("That doesn't seem to fit")


def sights(surroundings: str) -> tuple[str, list[str], list[str]]:
    """No place: stories name theirs in forms of their own. What is seen, and what is held, by
    line."""
    found = _HELD.search(surroundings)
    seen, held = surroundings, ""
    if found:
        seen, held = surroundings[: found.start()], surroundings[found.start() :]
    return "", _lines(seen), _lines(held)[1:]


def shortened(action: str, observation: str) -> str:
    longest = _LONGEST_SEEN if is_look(action) or is_move(action) else _LONGEST
    return " ".join(observation.split())[:longest]


def _said(observation: str) -> str:
    """The answer itself, without what the story did first by itself."""
    return _FIRST.sub("", observation.lstrip()[:_READ_AT_ALL])


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]
