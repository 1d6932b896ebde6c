"""The links of a memory, indexed by what recall asks of them at each step. It is made once for each
memory that is read, so a step costs what it looks at and not what the memory holds."""

from __future__ import annotations

import re
import weakref
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from memory.evidence.events import is_complete, is_find, is_progress
from memory.language import Language
from memory.links import Hedge, Link, Relation, folded
from memory.phrases import done_to, is_move, place_of, spelled, takes
from memory.rules.naming import thing, verb, words
from memory.trials import Memory

DEED, LAST = 2, 3
"""Stages of targets: 0 is progress, 1 completion, ``DEED`` what only serves another link, ``LAST``
waiting."""
Worth = tuple[bool, bool, str]


_BESIDE = frozenset(["on", "with", "to", "in", "into", "inside", "from", "containing"])
"""What may follow the name of a thing in an action: an "apple tree" is no "apple"."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What a ``link`` says comes before its effect, folded."""

    link: Link
    phrase: str
    move: bool


@dataclass(frozen=True, slots=True)
class About:
    """What a memory says of a phrase: its ``causes``, those of them that are ``moves`` and those
    that are not (``deeds``), the actions that pick up what it is done with, and whether links say
    where something with one of its words is found. And the ``place`` that it leads to, if any."""

    causes: tuple[Cause, ...]
    moves: tuple[Cause, ...]
    deeds: tuple[Cause, ...]
    fetches: tuple[str, ...]
    findable: bool
    place: str


class Index:
    """The links of one memory, for a ``goal``, in a world with this ``language``. Nothing in it
    depends on a trial."""

    def __init__(self, memory: Memory, goal: str, language: Language) -> None:
        self._goal, self._language = folded(goal), language
        self._goal_words = words(goal)
        self.worth = {link: _worth(link) for link in memory.links}
        """What each link is sorted by: the more certain first, then necessity, then by text."""
        ordered = sorted(self.worth, key=self.worth.__getitem__)
        denied = [link for link in ordered if link.relation is Relation.NOT_CONTRIBUTE]
        links = [link for link in ordered if link.relation is not Relation.NOT_CONTRIBUTE]
        single = [link.conjuncts[0] for link in denied if not link.conjuncts[1:]]
        self.barred = frozenset(name for cause in single for name in spelled(cause))
        """What links say does not contribute, as actions may be worded. Of a conjunction each part
        may still contribute."""
        self.barred_with = _joint(denied)
        """What does not contribute together with others, each with the sets of those others."""
        self.alternatives = sorted(filter(self.is_alternative, self.barred))
        """Those of them that the goal names, other than moves."""
        self.causes: dict[str, list[Link]] = defaultdict(list)
        for link in links:
            for effect in spelled(folded(link.effect)):
                self.causes[effect].append(link)
        self.targets: tuple[list[tuple[str, Link]], ...] = ([], [], [], [])
        """Of each stage the phrases to bring about, with the link that says so."""
        for link in links:
            self._aim(link)
        self._takes, self._finds = self._by_thing(), _by_word(links)
        self._about: dict[str, About] = {}

    def _aim(self, link: Link) -> None:
        effect = folded(link.effect)
        stages = [(self._stage(cause, effect), cause) for cause in link.conjuncts]
        for stage, cause in stages:
            if stage is not None:
                self.targets[stage].append((cause, link))
        if any(stage is not None for stage, _ in stages):
            return
        if self._language.is_deed(effect) and thing(effect) & self._goal_words:
            self.targets[DEED].append((effect, link))

    def _stage(self, cause: str, effect: str) -> int | None:
        """0 for progress, 1 for what completes the task or is the goal's own event, 3 for
        waiting, whose turn comes last; None for what only serves another link."""
        if self._language.passes_time(cause):
            return LAST if is_progress(effect) or is_complete(effect) else None
        if is_progress(effect):
            return 0
        named = words(effect)
        own = bool(named) and named <= self._goal_words
        return 1 if is_complete(effect) or own else None

    def is_alternative(self, action: str) -> bool:
        """Whether the goal names what the folded ``action`` is done to, word for word, and it is no
        move."""
        named = action[len(verb(action)) :].strip()
        return (
            bool(named)
            and named in self._goal
            and bool(re.search(rf"(?<!\w){re.escape(named)}(?!\w)", self._goal))
            and not is_move(self._language, action)
        )

    def _by_thing(self) -> dict[str, list[tuple[int, str]]]:
        """What picks something up, in order, by the thing."""
        found = defaultdict(list)
        for place, effect in enumerate(self.causes):
            if takes(self._language, effect):
                found[taken_by(effect)].append((place, effect))
        return found

    def about(self, phrase: str) -> About:
        """What the links say of a folded ``phrase``; kept."""
        if phrase not in self._about:
            self._about[phrase] = self._made_of(phrase)
        return self._about[phrase]

    def _made_of(self, phrase: str) -> About:
        said = [(link, part) for link in self.causes.get(phrase, ()) for part in link.conjuncts]
        causes = [Cause(link, cause, is_move(self._language, cause)) for link, cause in said]
        return About(
            tuple(causes),
            tuple(each for each in causes if each.move),
            tuple(each for each in causes if not each.move),
            tuple(self._fetches(phrase)),
            not self._finds.keys().isdisjoint(frozenset().union(*done_to(phrase))),
            place_of(self._language, phrase),
        )

    def _fetches(self, phrase: str) -> Iterator[str]:
        """The actions of links that pick up what ``phrase`` names by its whole name, in order."""
        parts = phrase.split()
        runs = {
            " ".join(parts[start:end])
            for start in range(len(parts))
            for end in range(start + 1, len(parts) + 1)
        }
        found = [each for run in runs if run in self._takes for each in self._takes[run]]
        for _, effect in sorted(found):
            if effect != phrase and speaks_of(phrase, taken_by(effect)):
                yield effect

    def finds(self, lacking: frozenset[str]) -> Iterator[Link]:
        """The links that say where something with all its words in ``lacking`` is found, in
        order."""
        found = [each for word in lacking for each in self._finds.get(word, ())]
        return (link for _, sought, link in sorted(found, key=_place) if sought <= lacking)


def _joint(denied: Iterable[Link]) -> dict[str, list[frozenset[str]]]:
    """The parts of the conjunctions that are ``denied``, as actions may be worded, each with the
    other parts."""
    found: dict[str, list[frozenset[str]]] = defaultdict(list)
    for link in denied:
        parts = frozenset(link.conjuncts)
        for part in parts if len(link.conjuncts) > 1 else ():
            for name in spelled(part):
                found[name].append(parts - {part})
    return dict(found)


def _place(found: tuple[int, frozenset[str], Link]) -> int:
    return found[0]


def _by_word(links: list[Link]) -> dict[str, list[tuple[int, frozenset[str], Link]]]:
    """The links whose effect is to find something, by one word of that."""
    found = defaultdict(list)
    for place, link in enumerate(links):
        effect = folded(link.effect)
        if is_find(effect) and (sought := words(effect[len(verb(effect)) :])):
            found[min(sought)].append((place, sought, link))
    return found


def taken_by(action: str) -> str:
    """What an action that picks something up is done to, by its whole name."""
    return action[len(verb(action)) :].strip()


def speaks_of(phrase: str, named: str) -> bool:
    """Whether ``named`` stands in ``phrase`` by its whole name."""
    if named not in phrase:
        return False
    _, found, after = f" {phrase} ".partition(f" {named} ")
    beside = after.split(" ", 1)[0]
    return bool(named and found) and (not beside or beside in _BESIDE)


def _worth(link: Link) -> Worth:
    return link.hedge is Hedge.MAY, link.relation is Relation.CONTRIBUTE, str(link)


_made: dict[int, dict[tuple[str, Language], Index]] = {}


def index_of(memory: Memory, goal: str, language: Language) -> Index:
    """The index of ``memory``: made when it is first asked for, and kept as long as that very
    object is. (To compare memories would cost as much as to index them.)"""
    known = _made.get(id(memory))
    if known is None:
        known = _made[id(memory)] = {}
        weakref.finalize(memory, _made.pop, id(memory), None).atexit = False
    key = (goal, language)
    if key not in known:
        known[key] = Index(memory, goal, language)
    return known[key]
