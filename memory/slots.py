"""Where the goals of several places differ: slots, each with what stands there in each place.

"Boil lead." and "Boil soap." differ in one slot. "move lead to stove" in the first and "move soap
to stove" in the second are then one link: "move THING A to stove" (anti-unification of the goals,
as in :mod:`memory.lifting`, over any number of them).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from string import ascii_uppercase

from memory.lifting import ALIKE, LONGEST, WORD
from memory.links import Link, LinkError

Span = tuple[int, int]


class SlotsError(ValueError):
    """Goals that have no slots in common; one line."""


@dataclass(frozen=True)
class Slot:
    """A ``name`` such as "THING A", and the phrase that stands there in each place."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Slots:
    """The slots of several goals, in the order of the first."""

    slots: tuple[Slot, ...]

    @classmethod
    def of(cls, goals: Sequence[str]) -> Slots:
        """SlotsError where a goal has another form than the first."""
        words = [WORD.findall(goal) for goal in goals]
        aligned = [_Aligned(words[0], other) for other in words]
        for goal, one in zip(goals, aligned, strict=True):
            if one.ratio < ALIKE:
                raise SlotsError(f"two goals have different forms: {goals[0]!r} and {goal!r}")
        found: dict[str, set[tuple[str, ...]]] = {}
        for span in _merged([span for one in aligned for span in one.differing]):
            values = tuple(one.phrase(span) for one in aligned)
            found.setdefault(values[0].lower(), set()).add(values)
        kept = [next(iter(each)) for each in found.values() if len(each) == 1 and all(*each)]
        named = zip(ascii_uppercase, kept, strict=False)
        return cls(tuple(Slot(f"THING {letter}", values) for letter, values in named))

    def lifted(self, text: str, place: int) -> str:
        """``text`` of that place, with the names of slots for what stands there. What stands in
        two slots is left as it is."""
        values = [slot.values[place].lower() for slot in self.slots]
        names = {
            value: slot.name
            for value, slot in zip(values, self.slots, strict=True)
            if values.count(value) == 1
        }
        return _replaced(text, names)

    def instance(self, text: str, place: int) -> str:
        """A lifted ``text`` as it is said in that place."""
        return _replaced(text, {slot.name.lower(): slot.values[place] for slot in self.slots})

    def lifted_link(self, link: Link, place: int) -> Link:
        """As :meth:`lifted`; ``link`` itself where the words in slots are no phrases of a link."""
        return _said(link, self.lifted(link.cause, place), self.lifted(link.effect, place))

    def instance_link(self, link: Link, place: int) -> Link:
        """As :meth:`instance`, of a lifted ``link``."""
        return _said(link, self.instance(link.cause, place), self.instance(link.effect, place))


def _said(link: Link, cause: str, effect: str) -> Link:
    try:
        return replace(link, cause=cause, effect=effect)
    except LinkError:  # in these words it is no phrase of a link
        return link


def _replaced(text: str, names: Mapping[str, str]) -> str:
    """``text`` with each of the keys (in lower case), as whole words, replaced."""
    if not names:
        return text
    longest_first = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    pattern = re.compile(rf"(?<![^\W_])(?:{longest_first})(?![^\W_])", re.IGNORECASE)
    return pattern.sub(lambda found: names[found[0].lower()], text)


class _Aligned:
    """The words of another goal beside those of the first."""

    def __init__(self, first: Sequence[str], other: Sequence[str]) -> None:
        one, two = ([word.lower() for word in words] for words in (first, other))
        matcher = SequenceMatcher(None, one, two, autojunk=False)
        self.ratio = matcher.ratio()
        self._other = other
        self._blocks = matcher.get_opcodes()

    @property
    def differing(self) -> Iterator[Span]:
        """Where phrases of the first goal stand for others here."""
        for kind, a, b, c, d in self._blocks:
            if kind == "replace" and max(b - a, d - c) <= LONGEST:
                yield a, b

    def phrase(self, span: Span) -> str:
        """What stands here at the ``span`` of the first goal; empty for nothing, and for more than
        a phrase."""
        start = min((self._at(block, span[0], start=True) for block in self._over(span)), default=0)
        end = max((self._at(block, span[1], start=False) for block in self._over(span)), default=0)
        words = self._other[start:end]
        fits = len(words) <= LONGEST and all(word[0].isalnum() for word in words)
        return " ".join(words) if fits else ""

    def _over(self, span: Span) -> Iterator[tuple[str, int, int, int, int]]:
        return (each for each in self._blocks if each[1] < span[1] and each[2] > span[0])

    @staticmethod
    def _at(block: tuple[str, int, int, int, int], place: int, *, start: bool) -> int:
        """Where ``place`` of the first goal is here, as far as ``block`` says."""
        kind, a, b, c, d = block
        if kind == "equal":
            return c + min(max(place, a), b) - a
        return c if start else d


def _merged(spans: Sequence[Span]) -> Iterator[Span]:
    """The ``spans`` in order, those that overlap as one."""
    current: Span | None = None
    for start, end in sorted(set(spans)):
        if current and start < current[1]:
            current = current[0], max(current[1], end)
            continue
        if current:
            yield current
        current = start, end
    if current:
        yield current
