"""Renaming things alike in goal, memory, actions and observations, so that a model copies names
instead of knowing them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from random import Random

COLOURS = ("red", "green", "blue", "yellow", "purple", "violet", "white", "black", "orange")
ROOMS = (
    "kitchen",
    "bathroom",
    "bedroom",
    "hallway",
    "living room",
    "art studio",
    "workshop",
    "foundry",
)
ANIMALS = (
    "wolf",
    "elephant",
    "crocodile",
    "dove",
    "butterfly",
    "dragonfly",
    "frog",
    "giant tortoise",
    "parrot",
    "turtle",
    "chameleon",
    "brown bear",
    "mouse",
    "hedgehog",
    "rabbit",
    "beaver",
    "ant",
    "bee",
    "moth",
    "chipmunk",
    "toad",
    "blue jay",
    "brown snake",
    "hyena",
)
FRUITS = ("apple", "avocado", "banana", "cherry", "lemon", "peach", "pear", "grapefruit")
SUBSTANCES = (
    "gallium",
    "lead",
    "tin",
    "mercury",
    "caesium",
    "chocolate",
    "marshmallow",
    "ice cream",
    "apple juice",
    "rubber",
    "soap",
    "lava",
    "sodium",
    "butter",
    "table salt",
)
CLASSES = (COLOURS, ROOMS, ANIMALS, FRUITS, SUBSTANCES)
_SYLLABLES = (
    *("ba", "be", "do", "fi", "ga", "go", "ka", "ke", "la", "lo", "mi", "mo", "na"),
    *("ne", "pa", "pi", "ra", "ro", "sa", "su", "ta", "ti", "vo", "wu", "za", "zo"),
)
_KEPT = frozenset(
    [
        *("the", "and", "not", "with", "task", "door", "into", "from", "through", "find", "make"),
        *("necessary", "may", "should", "does", "contribute", "progress", "complete"),
    ]
)
"""Words of any language and of links, which are never renamed."""

Rename = Callable[[str], str]


def shuffled(random: Random, classes: Sequence[Sequence[str]]) -> Rename:
    """Each name becomes another of its class."""
    names: dict[str, str] = {}
    for each in classes:
        names.update(zip(each, random.sample(each, len(each)), strict=True))
    return _replacing(names)


def invented(random: Random, words: Sequence[str], commands: Collection[str], most: int) -> Rename:
    """At most ``most`` of ``words`` become words that do not exist; those of ``commands`` and of
    links stay."""
    kept = _KEPT.union(commands)
    allowed = {word for word in words if word.isalpha() and len(word) > 2 and word not in kept}
    chosen = random.sample(sorted(allowed), min(most, len(allowed)))
    return _replacing({word: word_of(random) for word in chosen})


def word_of(random: Random) -> str:
    """A word that does not exist."""
    return "".join(random.choices(_SYLLABLES, k=random.choice((2, 2, 3)))) + random.choice(
        ("", "", "n", "s", "k")
    )


def _replacing(names: dict[str, str]) -> Rename:
    if not names:
        return lambda text: text
    pattern = re.compile(
        r"\b(" + "|".join(sorted(map(re.escape, names), key=len, reverse=True)) + r")\b",
        re.IGNORECASE,
    )
    return lambda text: pattern.sub(lambda found: names[found[1].lower()], text)
