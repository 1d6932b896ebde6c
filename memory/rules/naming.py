"""Whether what is acted on is something that the goal names: "point at soap", where the task is to
boil soap.

That is what a lesson about a wrong choice has that holds elsewhere: the next task names another
thing, and the wrong ones are those it does not name. Commands are taken to be plain English: a
verb, a particle perhaps, a thing, and where that is."""

from __future__ import annotations

import re
from collections.abc import Iterable

from memory.language import Language

UNNAMED = "what the goal does not name"
MOST = 2
"""Words of the goal beyond which a thing is named no better."""
_WORD = re.compile(r"[a-z]+")
_BEGINNING = re.compile(r"^\S+ \S+(?:(?! (?:to|into|in|on|with) ).)*")
_PARTICLES = frozenset({"on", "up", "in", "at", "to", "with"})
_WHERE = re.compile(r" (?:in|into|inside|on|containing|to) |\(")
_DESCRIBED = re.compile(r"\b(?:with|of|that|which|whose)\b")
_COMMON = frozenset(
    [
        *("the", "and", "its", "you", "are", "task", "your", "first", "then", "next", "for"),
        *("from", "that", "with", "there", "this", "they", "can", "may", "will", "when"),
        *("done", "goal", "substance", "thing", "called", "located", "grown"),
    ]
)
"""Words of a goal that name nothing."""
_SHORTEST = 3
Name = tuple[str, ...]


class Goal:
    """The words of a goal, without those of the moves among the ``actions`` that are known: where
    to look is not what to look for."""

    def __init__(self, goal: str, language: Language, actions: Iterable[str] = ()) -> None:
        self._text = goal.lower()
        self._words = words(goal) - words(" ".join(filter(language.is_move, actions)))
        self._verbs = frozenset(_WORD.findall(self._text))
        self._language = language

    def asks_for(self, kind: str) -> bool:
        """Whether the goal itself speaks of this kind of action."""
        return kind.split(" ")[0] in self._verbs

    def by_name(self, kind: str) -> list[Name]:
        """The things to which the goal itself says, by their names, to do this: of "point at the
        thermometer. Next, point at the orange juice" both. Empty where it describes any ("the
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
        name what this one is done to: "point at what the goal does not name"; None for any
        other."""
        kind = verb(action)
        if not self.asks_for(kind) or self._language.is_move(action):
            return None
        if not thing(action) or self.named(action):
            return None
        return f"{kind} {UNNAMED}"

    def alike(self, name: frozenset[str], other: frozenset[str]) -> bool:
        """Whether ``name`` may well speak of the thing of that ``other`` name: with the same words,
        fewer of them (a vaguer name), or more that the goal does not name either; one word alone is
        too little to go by."""
        if name == other:
            return True
        if min(len(name), len(other)) <= 1:
            return False
        vaguer = name < other
        fuller = other < name and not (name - other) & self._words
        return vaguer or fuller


def beginning(action: str) -> str:
    """The action without what follows its first object: "move pollen" of "move pollen to sink"."""
    found = _BEGINNING.match(action)
    return found[0] if found else action


def verb(action: str) -> str:
    """The kind of an action: "point at", "pick up", "open"."""
    first, _, rest = action.partition(" ")
    particle = rest.partition(" ")[0]
    return f"{first} {particle}" if particle in _PARTICLES else first


def thing(action: str) -> frozenset[str]:
    """The words for what the action is done to, without where that is: of "point at cherry tree in
    flower pot 2" cherry and tree, of "point at cup containing paint" cup."""
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
    found = _WORD.findall(text.lower())
    return tuple(
        _singular(word) for word in found if len(word) >= _SHORTEST and word not in _COMMON
    )


def _singular(word: str) -> str:
    plural = len(word) > _SHORTEST and word.endswith("s") and not word.endswith("ss")
    return word[:-1] if plural else word


def warned(cause: str) -> str | None:
    """The kind of action that ``cause`` (of a link, as it stands) is about, if it speaks of what
    the goal does not name."""
    return cause.removesuffix(f" {UNNAMED}") if cause.endswith(f" {UNNAMED}") else None
