"""How worlds word what the rules need: refusals, moves, what a room holds.

Everything that knows ScienceWorld's sentences is here; in another world these patterns find
nothing, and scores alone speak.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_UNKNOWN = re.compile(
    r"^(?:No known action|Unknown action)|not a valid"
    r"|^(?:I don't understand|I'm not sure what (?:you mean|that means))",
    re.IGNORECASE,
)
"""ScienceWorld's and TextWorldExpress's ways to say that they do not know an action."""
_REFUSED = re.compile(rf"{_UNKNOWN.pattern}|^You can't", re.IGNORECASE)
"""And to say that an action came to nothing."""
LONGEST = 5_000
"""Characters of a room's description that are read at all: ScienceWorld's longest has 2,227, and
the patterns below take quadratic time on text that is made to defeat them."""
_VAIN = re.compile(
    r"^(?:Nothing happens(?:\.|: this key)|That has no effect\.|Nothing changes\."
    r"|This key is not made for|The \w+ door stays locked)"
)
"""``causal``'s ways to say that a thing was tried on another in vain; "it is broken" and "it is not
ready" say no such thing."""
_TRIED = re.compile(r"^(?:use .+ on|unlock) (?P<on>.+?)(?: with .+)?$")
_TRIES = frozenset({"unlock", "use"})
"""Verbs that try one thing on another; an activated device that does nothing may only lack
something."""
_MOVE = re.compile(r"^(?:teleport|go) to (?P<place>.+)$")
_ROOM = re.compile(
    r"^(?:This room is called the|This outside location is called the) (?P<room>[a-z ]+)\. "
    r"(?:In it, you see|Here you see):? ?\n?"
)
_FOCUSED = re.compile(r"^You focus on the (?P<thing>.+?)\.")
_BEGINNING = re.compile(r"^\S+ \S+(?:(?! (?:to|into|in|on|with) ).)*")
_OFFER = re.compile(r"^(\d+):\s*(.+?)\s*$", re.MULTILINE)
_VERBS = frozenset(
    ["focus", "pick", "move", "pour", "use", "read", "activate", "mix", "connect", "unlock"]
)
_LOOKS = frozenset(["look", "examine", "inventory", "read", "task"])
_SCENERY = frozenset({"table", "door", "cupboard"})


def refused(observation: str) -> bool:
    """Whether the world did not understand the action."""
    return bool(_REFUSED.search(observation))


def unknown(observation: str) -> bool:
    """Whether the world did not know the action, whatever the state it is in."""
    return bool(_UNKNOWN.search(observation))


def beginning(action: str) -> str:
    """The action without what follows its first object: "move pollen" of "move pollen to sink"."""
    found = _BEGINNING.match(action)
    return found[0] if found else action


def in_vain(action: str, observation: str) -> bool:
    """Whether one thing was tried on another and did not fit it."""
    return action.split(" ")[0] in _TRIES and bool(_VAIN.match(observation))


def tried_on(action: str) -> str:
    """The thing on which another is tried; empty for any other action."""
    found = _TRIED.match(action)
    return found["on"] if found else ""


def ambiguous(observation: str) -> bool:
    """Whether the world asks which of several things was meant."""
    return observation.startswith("Ambiguous request")


def offers(observation: str) -> dict[str, str]:
    """What the answers to "which one?" stand for, by their numbers; empty where nothing was
    asked."""
    return dict(_OFFER.findall(observation)) if ambiguous(observation) else {}


def does_something(action: str) -> bool:
    """Whether the action changes the world rather than looks or walks."""
    return action.split(" ")[0] in _VERBS


def changes(action: str) -> bool:
    """Whether the action, where it succeeds, changes what other actions may do: not what only
    looks, reads, takes or walks."""
    return action.split(" ")[0] in _VERBS - {"pick", "read"}


def looks(action: str) -> bool:
    """Whether the action only looks."""
    return action.split(" ")[0] in _LOOKS


def moves(action: str) -> bool:
    """Whether the action walks somewhere."""
    return bool(_MOVE.match(action))


def destination(action: str) -> str:
    """The place that the action goes to; empty where it goes to none that it names."""
    found = _MOVE.match(action)
    return found["place"] if found else ""


def jumps(action: str) -> bool:
    """Whether the action goes somewhere from anywhere."""
    return action.startswith("teleport to ")


def inspects(action: str) -> bool:
    """Whether the action looks at one thing of many."""
    return action.startswith(("look at ", "look in ", "examine "))


def takes(action: str) -> bool:
    """Whether the action picks up or opens something: nothing by itself, and what many things begin
    with."""
    return action.startswith(("pick up ", "take ", "open "))


def walks(action: str) -> bool:
    """Whether the action goes next door, perhaps only to get somewhere else."""
    return action.startswith("go to ")


def way_to(place: str, actions: Iterable[str]) -> str:
    """How a trial with these actions gets to ``place``: on foot where it walked and never
    teleported."""
    ways = {action.split(" ")[0] for action in actions if moves(action)}
    return f"go to {place}" if ways == {"go"} else f"teleport to {place}"


def entered(action: str, observation: str) -> str | None:
    """The place that a move led to, if it did."""
    return destination(action) or None if observation.startswith("You ") else None


def meant(action: str, observation: str) -> str:
    """The action with the object's name as the world confirms it: "focus on 2" may have been the
    red box."""
    found = _FOCUSED.match(observation)
    return f"focus on {found['thing']}" if found and action.startswith("focus") else action


def listing(action: str, observation: str) -> tuple[str, list[str]] | None:
    """The room and the things in it that "look around", or walking into it, showed."""
    told = described(observation)
    found = _ROOM.match(told)
    if not (action == "look around" or walks(action)) or not found:
        return None
    things = [
        re.sub(r" ?\(.*| (?:broken|closed|containing .*)$", "", line.split(":")[0]).strip()
        for line in contents(told)
    ]
    return found["room"], [
        thing for thing in things if thing not in _SCENERY and " door to " not in thing
    ]


def described(observation: str) -> str:
    """The description of a room in ``observation``: all of it, or what follows its first line;
    empty where there is none."""
    if _ROOM.match(observation):
        return observation
    rest = observation.partition("\n")[2]
    return rest if _ROOM.match(rest) else ""


def room(observation: str) -> str | None:
    """The room whose description this is."""
    found = _ROOM.match(observation)
    return found["room"] if found else None


_SHORTER = [  # ScienceWorld's sentences about an object, shortened to what matters for acting
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


def contents(observation: str) -> list[str]:
    """What a room description lists, one short phrase per thing, without the agent, the air and the
    doors."""
    found = _ROOM.match(observation)
    body = observation[found.end() if found else 0 : LONGEST]
    things = []
    for line in body.split("You also see:")[0].split("\n"):
        told = line.strip()
        if told and told not in ("the agent", "a substance called air"):
            things.append(_phrase(told))
    return things


def _phrase(line: str) -> str:
    for pattern, replacement in _SHORTER:
        line = pattern.sub(replacement, line)
    return " ".join(line.split()).strip(" .").replace(" :", ":").replace(" )", ")")
