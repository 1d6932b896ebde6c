"""The links of a memory, walked backwards from the goal to what can be done now."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from memory.evidence.events import PROGRESS
from memory.index import DEED, About, index_of, speaks_of, taken_by
from memory.links import Hedge, Link, LinkError, Relation, folded
from memory.moment import Moment
from memory.phrases import spelled
from memory.rules.naming import verb
from memory.trials import Memory

DEEPEST = 6
"""Links of a chain at most."""
TRIES = 3
"""How often a target that gains nothing is tried in a trial."""
VISITS = 2
"""How often a room is gone to while nothing else comes of it."""


@dataclass(frozen=True)
class Recalled:
    """What to say now, the admissible action that it speaks for, and why in a few words.

    The ``link`` is one of the memory where that names the action; for a step on the way it is made,
    hedged with MAY: "go to hall MAY BE NECESSARY to pick up key"."""

    link: Link
    action: str
    reason: str


@dataclass
class Found:
    """Something to recall: ``stage`` of the target that it serves (progress, completion, the rest),
    ``far`` the links between."""

    action: str
    reason: str
    link: Link
    effect: str | None
    """What the action helps to, where ``link`` does not name it."""
    move: bool
    far: int
    stage: int = 0
    missing: int = 0
    target: tuple[bool, bool, str] = (False, False, "")
    search: bool = False
    """Whether it only looks for something in a room that was not seen yet."""

    def rank(self) -> tuple[object, ...]:
        return self.stage, self.move, self.missing, self.target, self.far, self.action

    @property
    def said(self) -> Recalled:
        """What to say: the step in the words of its link, or of one that is made for it."""
        made = None if self.effect is None else _made(self.action, self.effect)
        return Recalled(made or self.link, self.action, self.reason)


_Way = Callable[[str, Link, tuple[str, ...]], Found | None]


class Chains:
    """The links, walked backwards from the goal to what can be done now."""

    def __init__(self, memory: Memory, goal: str, now: Moment) -> None:
        self._goal, self._now = goal, now
        self._index = index_of(memory, goal, now.language)
        self._tried: set[str] = set()  # on the way to one target, so that none is gone into twice
        self._known_ways: dict[str, str | None] = {}
        self._known_deeds: dict[str, bool] = {}
        self._may_be: dict[str, tuple[bool, bool]] = {}

    def found(self) -> list[Found]:
        """All that could be recalled of the first stage that has anything. What only looks for
        something waits for what is ready at a later stage: all that links say it needs is done."""
        searches: list[Found] = []
        for stage, targets in enumerate(self._index.targets):
            done = self._now.did if stage == DEED else self._settled
            found = [
                said
                for phrase, link in targets
                if not done(phrase) and (said := self._for(stage, phrase, link))
            ]
            if stage == 1 and (remains := self._remaining()):
                found.append(remains)
            if searches:
                found = [each for each in found if self._is_ready(each)]
            if found and all(each.search for each in found):
                searches = found
            elif found:
                return found
        return searches

    def _is_ready(self, found: Found) -> bool:
        """Whether a target can be done now, with all done that links say it needs."""
        return not found.far and bool(self._index.about(folded(found.action)).deeds)

    def _for(self, stage: int, phrase: str, link: Link) -> Found | None:
        self._tried.clear()
        found = self._towards(phrase, link, ())
        if found is None:
            return None
        worth = self._index.worth[link]
        found.stage, found.missing, found.target = stage, self._missing(phrase), worth
        return found

    def _missing(self, phrase: str) -> int:
        """How many deeds are still to be done before ``phrase``, as the links have it."""
        total, counted, waiting = 0, {phrase}, [phrase]
        while waiting:
            for each in self._index.about(waiting.pop()).causes:
                if each.phrase in counted or self._did(each.phrase):
                    continue
                counted.add(each.phrase)
                waiting.append(each.phrase)
                total += not each.move
        return total

    def _settled(self, cause: str) -> bool:
        """Whether the target is reached, or was tried in vain and nothing has changed since."""
        now = self._now
        if not now.gained.isdisjoint(spelled(cause)) or now.is_here(cause):
            return True
        if now.tries(cause) >= TRIES:
            return True
        return now.did(cause) and not now.changed_since(cause)

    def _towards(self, phrase: str, link: Link, path: tuple[str, ...]) -> Found | None:
        """The next step to bring the action ``phrase`` (folded) about, which ``link`` names."""
        action, about = self._now.action(phrase), self._index.about(phrase)
        lacking = [each for each in about.deeds if not self._did(each.phrase)]
        if action is not None and not lacking:
            reason = "its turn has come" if not path else f"needed to {path[-1]}"
            return self._say(action, link, path, reason)
        if phrase in self._tried or len(path) >= DEEPEST:
            return None
        self._tried.add(phrase)
        place = about.place
        if action is None and place and (found := self._walk(place, link, path, known=True)):
            return found
        path = (*path, phrase)
        for each in lacking:
            if found := self._towards(each.phrase, each.link, path):
                return found
        if lacking and any(_is_sure(each.link) for each in lacking):
            return None
        if action is not None:  # what else is said to be needed cannot be had
            return self._say(action, link, path[:-1], "its turn has come")
        for way in self._ways(about):
            if found := way(phrase, link, path):
                return found
        return self._walk(place, link, path) if place else None

    def _ways(self, about: About) -> tuple[_Way, ...]:
        """How to come to what a phrase needs. What it is done with is guessed last where the links
        say what must be done before."""
        ways = (self._fetched, self._found_by, self._seen_at, self._placed)
        ordered = (*ways, self._taken) if about.deeds else (ways[0], self._taken, *ways[1:])
        return (*ordered, self._sought)

    def _did(self, phrase: str) -> bool:
        """As of the moment, kept: many targets ask for the same."""
        if phrase not in self._known_deeds:
            self._known_deeds[phrase] = self._now.did(phrase)
        return self._known_deeds[phrase]

    def _fetched(self, phrase: str, link: Link, path: tuple[str, ...]) -> Found | None:
        """What it is done with, to be taken first, as a link says."""
        for effect in self._index.about(phrase).fetches:
            link = self._index.causes[effect][0]
            if not self._did(effect) and (found := self._towards(effect, link, path)):
                return found
        return None

    def _taken(self, phrase: str, link: Link, path: tuple[str, ...]) -> Found | None:
        """What it may be done with and lies here, to be taken first."""
        for name, thing in self._hands:
            if name != phrase and speaks_of(phrase, thing) and not self._did(name):
                return self._say(self._now.names[name], link, path, f"needed to {phrase}")
        return None

    def _found_by(self, phrase: str, link: Link, path: tuple[str, ...]) -> Found | None:
        """Where a link says that what it needs is found."""
        if not self._index.about(phrase).findable:
            return None
        for each in self._index.finds(self._now.lacking(phrase)):
            for cause in each.conjuncts:
                if found := self._by(cause, each, path):
                    return found
        return None

    def _placed(self, phrase: str, link: Link, path: tuple[str, ...]) -> Found | None:
        """Where a link says that it is done."""
        about = self._index.about(phrase)
        if any(not self._did(take) for take in about.fetches):
            return None  # its turn has not come
        for each in about.moves:
            if found := self._by(each.phrase, each.link, path):
                return found
        return None

    def _by(self, cause: str, link: Link, path: tuple[str, ...]) -> Found | None:
        """The ``cause`` of ``link``; where one is there, opening what may hide a thing to take."""
        if not self._now.is_here(cause):
            if self._not_again(cause) or self._refuted(cause, path[-1]):
                return None
            return self._towards(cause, link, path)
        if not self._now.takes(path[-1]):
            return None
        for name in self._now.opening:
            if not self._now.did(name):
                return self._say(self._now.names[name], link, path, f"may be needed to {path[-1]}")
        return None

    def _not_again(self, cause: str) -> bool:
        return not self._now.is_move(cause) and self._now.did(cause)

    def _refuted(self, cause: str, phrase: str) -> bool:
        """Whether ``cause`` leads to where this trial has seen that what ``phrase`` needs is not
        there: that link speaks of another place."""
        seen = self._now.told.get(self._now.place(cause))
        return seen is not None and not self._now.lacking(phrase) <= seen

    def _seen_at(self, phrase: str, link: Link, path: tuple[str, ...]) -> Found | None:
        """Where this trial has seen what it needs."""
        lacking = self._now.lacking(phrase)
        told = self._now.told
        if not lacking or lacking <= told.get(self._now.here, frozenset()):
            return None
        for room, said in self._told:
            there = room != self._now.here and lacking <= said
            if there and (found := self._walk(room, link, path)):
                return found
        return None

    def _sought(self, phrase: str, link: Link, path: tuple[str, ...]) -> Found | None:
        """A room that was not seen yet, where no room that was holds what it needs."""
        lacking = self._now.lacking(phrase)
        seen = any(lacking <= said for said in self._now.told.values())
        if not lacking or seen or self._now.is_move(phrase):
            return None
        return self._looking(link, path, f"looking for what {path[-1]} needs")

    def _looking(self, link: Link, path: tuple[str, ...], reason: str) -> Found | None:
        """To the nearest room that was not seen yet."""
        action = self._unseen
        found = self._say(action, link, path, reason) if action else None
        if found:
            found.search = True
        return found

    def _walk(
        self, room: str, link: Link, path: tuple[str, ...], *, known: bool = False
    ) -> Found | None:
        to = path[-1] if path else room
        if room not in self._known_ways:
            move = self._known_ways[room] = self._now.way(room, self._rooms)
            if move is not None and room not in self._rooms:  # one more room that there is
                self._rooms = self._now.reached(self._is_barred)
        action, reason = self._known_ways[room], f"the way to {to}"
        if action is None and known:
            return None
        if action is None:
            return self._looking(link, path, f"looking for the way to {to}")
        return self._say(action, link, path, reason)

    def _say(self, action: str, link: Link, path: tuple[str, ...], reason: str) -> Found | None:
        """``action``, in the words of ``link`` where it names that; None where it may not be."""
        if action not in self._may_be:
            self._may_be[action] = self._may(action), self._now.is_move(folded(action))
        may, move = self._may_be[action]
        if not may:
            return None
        named = not link.conjuncts[1:] and self._now.action(link.conjuncts[0]) == action
        whole = link.effect if link.conjuncts[1:] else PROGRESS
        effect = None if named else path[-1] if path else whole
        return Found(action, reason, link, effect, move, len(path))

    def _is_barred(self, name: str) -> bool:
        if name in self._index.barred or name in self._now.lost:
            return True
        with_these = self._index.barred_with.get(name, ())
        return any(all(map(self._now.did, others)) for others in with_these)

    def _may(self, action: str) -> bool:
        """Whether ``action`` may be spoken for: nothing says that it does not help, and it is not
        done in vain again and again."""
        now, name = self._now, folded(action)
        if self._is_barred(name) or self._is_barred(folded(now.meanings.get(name, name))):
            return False
        place = now.place(name)
        return not (now.fails(name, TRIES) or (place and now.visits[place] >= VISITS))

    @property
    def _unseen(self) -> str | None:
        return self._now.unseen(self._rooms)

    @cached_property
    def _hands(self) -> list[tuple[str, str]]:
        """What picks something up here, with the thing."""
        return [(name, taken_by(name)) for name in self._now.taking]

    @cached_property
    def _told(self) -> list[tuple[str, frozenset[str]]]:
        return sorted(self._now.told.items())

    @cached_property
    def _rooms(self) -> dict[str, str]:
        return self._now.reached(self._is_barred)

    def _remaining(self) -> Found | None:
        """The one alternative of the goal that is left, where all others are known to be wrong."""
        named = self._index.is_alternative
        lost = {name for name in self._now.lost if named(name)}
        for wrong in sorted(lost.union(self._index.alternatives)):
            alike = {name for name in self._now.names if _alike(name, wrong)}
            left = sorted(name for name in alike if not self._is_barred(name) and self._names(name))
            if len(left) == 1 and not self._now.did(left[0]):
                action = self._now.names[left[0]]
                if link := _made(action, PROGRESS):
                    return Found(action, "what remains", link, None, False, 0, 1)
        return None

    def _names(self, action: str) -> bool:
        """Whether the goal names what ``action`` is done to, word for word."""
        named = action[len(verb(action)) :].strip()
        return bool(named) and bool(
            re.search(rf"(?<!\w){re.escape(named)}(?!\w)", folded(self._goal))
        )


def _is_sure(link: Link) -> bool:
    return link.hedge is Hedge.SHOULD and link.relation is Relation.NECESSARY


def _alike(action: str, other: str) -> bool:
    """Whether two actions are alternatives: "open box B", "open box F"."""
    one, two = action.split(), other.split()
    if verb(action) != verb(other) or len(one) != len(two):
        return False
    differing = sum(a != b for a, b in zip(one, two, strict=True))
    return differing == 1 and len(one) - len(verb(action).split()) > 1


def _made(action: str, effect: str) -> Link | None:
    try:
        return Link(action, Hedge.MAY, Relation.NECESSARY, effect)
    except LinkError:
        return None
