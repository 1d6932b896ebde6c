"""How TextWorldExpress describes a room, shortened to what matters for acting."""

from __future__ import annotations

import re

LONGEST = 3_000
"""Characters of a description that are read at all."""
_BEGINS = re.compile(r"^You are in the (?P<room>[\w ]+)\. ")
_THING = re.compile(
    r"(?:In (?:one|another) part of the room you see|There is also|You also see) (?:an? |some )?"
)
_WAY = re.compile(
    r"(?:Through an open (?P<door>[^,.]+), to|To) "
    r"the (?P<where>North|South|East|West) you see (?:the |an? )?(?P<what>[^.]+)"
)
_EMPTY = re.compile(r", that (?:has nothing on it|is empty)$")
_HOLDS = re.compile(r" that has (?P<things>.+) on it$")


def room(observation: str) -> str | None:
    """The room, its things and its exits on one line; None for any other text."""
    begins = _BEGINS.match(observation)
    if begins is None:
        return None
    told = observation[begins.end() : LONGEST]
    inside, _, outside = told.partition("\n")
    things = [_shortened(each) for each in _THING.split(inside)]
    ways = [f"{each['where']} {each['what'].strip()}" for each in _WAY.finditer(outside or inside)]
    return f"{begins['room']}: {'; '.join([*filter(None, things), *ways])}"


def _shortened(thing: str) -> str:
    """ "counter that has a knife, and a cookbook on it." as "counter (a knife, a cookbook)"; what
    is empty or open is not said."""
    thing = _EMPTY.sub("", thing.strip().rstrip(". ")).replace(" that is closed", " closed")
    thing = _HOLDS.sub(lambda found: f" ({found['things'].replace(', and ', ', ')})", thing)
    return re.sub(r"\b(?:an?|some) ", "", thing)
