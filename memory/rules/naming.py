"""Whether what is acted on is something that the goal names: "focus on soap", where the task is to
boil soap.

That is what a lesson about a wrong choice has that holds elsewhere: the next task names another
thing, and the wrong ones are those it does not name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from memory.rules import wording

UNNAMED = "what the goal does not name"
MOST = 2
"""Words of the goal beyond which a thing is named no better."""
_WORD = re.compile(r"[a-z]+")
_PARTICLES = frozenset({"on", "up", "in", "at", "to", "with"})
_WHERE = re.compile(r" (?:in|into|inside|on|containing|to) |\(")
_DESCRIBED = re.compile(r"\b(?:with|of|that|which|whose)\b")
_COMMON = frozenset(
    [
        "the",
        "and",
        "its",
        "you",
        "are",
        "task",
        "your",
        "first",
        "then",
        "next",
        "for",
        "from",
        "that",
        "with",
        "there",
        "this",
        "they",
        "can",
        "may",
        "will",
        "when",
        "done",
        "goal",
        "substance",
        "thing",
        "called",
        "located",
        "grown",
    ]
)
_SHORTEST = 3
Name = tuple[str, ...]


class Goal:
    """The words of a goal, without those of ``places``: where to look is not what to look for."""

    def __init__(self, goal: str, places: Iterable[str] = ()) -> None:
        self._text = goal.lower()
        self._words = words(goal) - words(" ".join(places))
        self._verbs = frozenset(_WORD.findall(self._text))

    def asks_for(self, kind: str) -> bool:
        """Whether the goal itself speaks of this kind of action."""
        return kind.split(" ")[0] in self._verbs

    def by_name(self, kind: str) -> list[Name]:
        """The things to which the goal itself says, by their names, to do this: of "focus on the
        thermometer. Next, focus on the orange juice" both. Empty where it describes any ("the
        animal with the longest life span") or names no more than a class ("the substance")."""
        said = re.findall(rf"\b{re.escape(kind)} (?:the |an? )?([^.,;:!?]+)", self._text)
        names = [() if _DESCRIBED.search(each) else name(each) for each in said]
        return names if all(names) else []

    def named(self, action: str) -> int:
        """How many words of the goal are in the name of what ``action`` is done to, ``MOST`` at
        most."""
        return min(MOST, len(thing(action) & self._words))

    def unnamed(self, action: str) -> str | None:
        """What ``action`` is an instance of, where the goal asks for such an action and does not
        name what this one is done to: "focus on what the goal does not name"; None for any
        other."""
        if (
            not self.asks_for(verb(action))
            or wording.moves(action)
            or not thing(action)
            or self.named(action)
        ):
            return None
        return f"{verb(action)} {UNNAMED}"

    def alike(self, name: frozenset[str], other: frozenset[str]) -> bool:
        """Whether ``name`` may well speak of the thing of that ``other`` name: with the same words,
        fewer of them (a vaguer name), or more that the goal does not name either; one word alone is
        too little to go by."""
        if name == other:
            return True
        vaguer, fuller = name < other, other < name and not (name - other) & self._words
        return min(len(name), len(other)) > 1 and (vaguer or fuller)


def verb(action: str) -> str:
    """The kind of an action: "focus on", "pick up", "open"."""
    first, _, rest = action.partition(" ")
    particle = rest.partition(" ")[0]
    return f"{first} {particle}" if particle in _PARTICLES else first


def thing(action: str) -> frozenset[str]:
    """The words for what the action is done to, without where that is: of "focus on cherry tree in
    flower pot 2" cherry and tree, of "focus on cup containing paint" cup."""
    return frozenset(name(action[len(verb(action)) :]))


def name(text: str) -> Name:
    """The telling words of a thing's name in their order, in the singular, without where it is; the
    last one says what it is."""
    return _telling(_WHERE.split(text, maxsplit=1)[0])


def answers_to(called: Name, asked: Name) -> bool:
    """Whether a thing with this name is one that was ``asked`` for: the same in more words at most,
    so not cherry seeds for a cherry."""
    return called[-1:] == asked[-1:] and set(asked) <= set(called)


def words(text: str) -> frozenset[str]:
    """The telling words of ``text``, in the singular."""
    return frozenset(_telling(text))


def _telling(text: str) -> Name:
    found = (
        word
        for word in _WORD.findall(text.lower())
        if len(word) >= _SHORTEST and word not in _COMMON
    )
    return tuple(
        word[:-1] if len(word) > _SHORTEST and word[-1] == "s" and word[-2] != "s" else word
        for word in found
    )


def warned(cause: str) -> str | None:
    """The kind of action that ``cause`` (of a link, as it stands) is about, if it speaks of what
    the goal does not name."""
    return cause.removesuffix(f" {UNNAMED}") if cause.endswith(f" {UNNAMED}") else None
