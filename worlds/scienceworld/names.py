"""What a thing is called: by the name that the simulator's own text shows.

The simulator accepts several referents for each thing and lists its actions with the first of them
in the alphabet that is unique: "object" for a pillow, "cloth sittable" for a mattress. Here the one
that stands in what is seen and held is taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

_ARTICLES = frozenset({"a", "an", "the"})
_WORD = re.compile(r"[a-z0-9'-]+")
_BARE_DOOR = "door"
_CONTAINING = " containing "
_PLACED = re.compile(r"^(?P<thing>.+?) (?:in|on) (?P<container>.+)$")


def words(text: str) -> str:
    """The words of ``text`` in lower case, without articles, between single spaces; one stands at
    each end, so that whole words are found in it."""
    return f" {' '.join(each for each in _WORD.findall(text.lower()) if each not in _ARTICLES)} "


def stands_in(name: str, text: str) -> bool:
    """Whether ``text`` (of :func:`words`) shows ``name``; of "orange in bowl" both, since a
    container and what it contains are told in a form of their own."""
    if words(name) in text:
        return True
    placed = _PLACED.match(name)
    return placed is not None and all(words(each) in text for each in placed.groups())


def is_plain(name: str, text: str) -> bool:
    """Whether ``text`` shows ``name``, and it says neither what the thing contains, which changes,
    nor of a door less than where it leads."""
    return stands_in(name, text) and _CONTAINING not in name and name != _BARE_DOOR


def shown(
    names: Mapping[int, str], referents: Mapping[int, Collection[str]], text: str
) -> dict[int, str]:
    """The name by which ``text`` (of :func:`words`) shows each thing; things that it does not show
    have none.

    ``names`` are the simulator's own, ``referents`` all that it accepts for each thing. A plain
    name of its own stays (:func:`is_plain`). Of others one is taken that is accepted for no other
    thing, where there is one: else the simulator asks which is meant.
    """
    found = {}
    accepted = Counter(each for thing in names for each in set(referents[thing]))
    for thing, own in sorted(names.items()):
        fitting = [each for each in _preferred(referents[thing]) if stands_in(each, text)]
        unique = [each for each in fitting if accepted[each] == 1]
        if is_plain(own, text):
            found[thing] = own
        elif fitting:
            found[thing] = (unique or fitting)[0]
    return found


def _preferred(referents: Iterable[str]) -> list[str]:
    """Those that name the thing alone first, then those with its container, then those that tell
    what it contains; of equals the longest, which says most."""

    def rank(name: str) -> tuple[bool, bool, int, str]:
        return (
            _CONTAINING in name or name == _BARE_DOOR,
            bool(_PLACED.match(name)),
            -len(name),
            name,
        )

    return sorted(referents, key=rank)
