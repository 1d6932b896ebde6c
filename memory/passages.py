"""What a memory's notes say about what to do now: for strategies that keep text instead of links.

A reflection is read sentence by sentence, an episode in windows of a few actions. SQLite's full
text ranks these passages by the words of what is in sight, of the last action and of the goal. An
episode speaks by what was done next: the window comes first that follows the longest run of actions
that this trial has just done (prediction by partial matching, Cleary and Witten 1984).

Two things are never recalled. A sentence that only warns is read by small models as advice. And
what an episode tells after its last gain led to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from memory.language import Language
from memory.links import folded
from memory.moment import Moment
from memory.rules.naming import words
from memory.store.passages import ranked
from memory.strategies._trajectories import gainful
from memory.trials import Step

MOST = 3
"""Passages that are recalled at most."""
WINDOW = 3
"""Actions of an episode that are told at once."""
RUN = 3
"""Last actions of a trial that are looked for in an episode, at most."""
NEAR = 0.9
"""The share of the best sentence's rank at which another sentence is told too."""
LONGEST = 240
"""Characters of a passage."""
SHARED = 5
"""Shared words that a reason names at most."""
BEGINNING = "the beginning"
"""Stands for what a trial, and an episode, had before its first action. No folded action is called
so, since folding drops the article."""

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_LISTING = re.compile(r"[^;:]+: (?P<actions>[^;]+;.+)", re.DOTALL)
_WARNING = re.compile(
    r"n['\u2019]t\b|\b(?:not|never|avoid|mistake|fail|failed|failure|without success)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Passage:
    """A piece of a note that is told now, and why in a few words."""

    text: str
    reason: str


def retrieve(
    notes: Sequence[str],
    goal: str,
    opening: str,
    steps: Sequence[Step],
    actions: Collection[str],
    language: Language,
) -> tuple[Passage, ...]:
    """The passages of ``notes`` for a trial that began with ``opening`` and has these ``steps``,
    where these ``actions`` are admissible: at most three, usually one, best first.

    None that shares no word with what is in sight, the last action or the goal; of an episode none
    that begins with what is not admissible. Among equals the newest note comes first."""
    if not notes or not actions:
        return ()
    parts = [part for number, note in enumerate(notes) for part in _parts(note, number)]
    now = _Now.of(goal, Moment(opening, steps, actions, language), steps)
    ranks = ranked([" ".join(sorted(part.words)) for part in parts], now.words)
    hits = [_Hit(parts[at], rank, now) for at, rank in ranks.items() if now.allows(parts[at])]
    hits.sort(key=_Hit.order)
    told: dict[str, Passage] = {}
    for hit in hits:
        if hit is hits[0] or hit.goes_with(hits[0]):
            told.setdefault(hit.part.text, Passage(hit.part.text, hit.reason()))
    return tuple(told.values())[:MOST]


def told(passages: Sequence[Passage]) -> str:
    """The passages as they are told, like :func:`memory.recall.told`; empty for nothing."""
    texts = (each.text if each.text[-1] in ".!?…" else f"{each.text}." for each in passages)
    return " ".join(texts)


@dataclass(frozen=True)
class _Part:
    """A piece of the note with this ``number``. A window has the ``first`` of its actions, and the
    actions ``before`` it, all folded; a sentence has neither."""

    number: int
    position: int
    text: str
    first: str = ""
    before: tuple[str, ...] = ()

    @cached_property
    def words(self) -> frozenset[str]:
        return words(" ".join((*self.before[-1:], self.text)))


@lru_cache(maxsize=256)
def _parts(note: str, number: int) -> tuple[_Part, ...]:
    """Kept from step to step: the notes of a trial are always the same."""
    return tuple(_read(note, number))


def _read(note: str, number: int) -> Iterator[_Part]:
    if (done := gainful(note)) is not None:
        yield from _windows(done, number, (BEGINNING,))
        return
    for position, sentence in enumerate(_SENTENCE.split(note)):
        if _WARNING.search(sentence):
            continue
        if listing := _LISTING.fullmatch(sentence):
            listed = listing["actions"].rstrip(".!? ").split(";")
            yield from _windows([each.strip() for each in listed], number, ())
        elif text := _bounded(sentence):
            yield _Part(number, position, text)


def _windows(told: Sequence[str], number: int, start: tuple[str, ...]) -> Iterator[_Part]:
    """Windows over actions, some of which are ``told`` with the score that they led to."""
    names = [folded(re.sub(r" \(score [^()]*\)$", "", each)) for each in told]
    for at, first in enumerate(names):
        text = _bounded("; ".join(told[at : at + WINDOW]))
        if first and text:
            yield _Part(number, at, text, first, (*start, *names[:at]))


def _bounded(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST].rpartition(' ')[0]} …"


@dataclass(frozen=True)
class _Now:
    """What the passages are held against: ``words`` of the moment, the actions ``done`` so far and
    those that are ``admissible``, all folded."""

    words: frozenset[str]
    done: tuple[str, ...]
    admissible: frozenset[str]

    @classmethod
    def of(cls, goal: str, moment: Moment, steps: Sequence[Step]) -> _Now:
        sight = [moment.described.get(moment.here, "")]
        if steps:
            sight += [steps[-1].observation, steps[-1].action]
        done = (BEGINNING, *(folded(step.action) for step in steps))
        return cls(words(" ".join((goal, *sight))), done, frozenset(moment.names))

    def allows(self, part: _Part) -> bool:
        return bool(part.words & self.words) and (not part.first or part.first in self.admissible)

    def run(self, before: Sequence[str]) -> int:
        """How many of the last actions ``before`` ends with too, in their order."""
        length = 0
        while length < min(RUN, len(before), len(self.done)):
            if before[-1 - length] != self.done[-1 - length]:
                break
            length += 1
        return length


@dataclass(frozen=True)
class _Hit:
    """A passage that shares words with ``now``; ``rank`` is SQLite's, lower is better."""

    part: _Part
    rank: float
    now: _Now

    def order(self) -> tuple[int, bool, float, int, int]:
        """What follows a longer run, is not done yet, matches better, is newer."""
        done = self.part.first in self.now.done[1:]
        run = self.now.run(self.part.before)
        return -run, done, self.rank, -self.part.number, self.part.position

    def goes_with(self, best: _Hit) -> bool:
        """Whether both are sentences, and this one matches nearly as well: a window tells enough
        by itself."""
        sentences = not self.part.first and not best.part.first
        return sentences and self.rank <= NEAR * best.rank

    def reason(self) -> str:
        shared = ", ".join(sorted(self.part.words & self.now.words)[:SHARED])
        last = self.now.done[-1]
        follows = last != BEGINNING and self.now.run(self.part.before) > 0
        return f"done after: {last}; shares: {shared}" if follows else f"shares: {shared}"
