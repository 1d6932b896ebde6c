"""The tallies of an episode, kept up to date trial by trial: a new trial is read once and held
against every claim; a new claim is held against every trial's record. Counting everything anew
gives the same (a test holds it to that).

An episode that goes on from earlier ones begins with what those counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from memory.evidence.events import PROGRESS, Record, is_complete, is_progress, record
from memory.evidence.tally import Tally, count, stated
from memory.language import Language
from memory.links import Hedge, Link, Relation, conjuncts, folded
from memory.rules.endings import Endings
from memory.trials import Trial

Claim = tuple[str, str]


def claim_of(link: Link) -> Claim:
    """What a link is about: all ways to speak of progress in the task are one effect."""
    cause, effect = link.claim
    return cause, folded(PROGRESS) if is_progress(effect) else effect


def of_the_task(claims: Iterable[Claim]) -> frozenset[Claim]:
    """The ``claims`` that are about a task as a whole, and those whose effect is an action that
    such a claim is about ("go to hall … catch frog", where "catch frog" completes the task):
    they need not hold in another environment."""
    every = frozenset(claims)
    whole = {claim for claim in every if is_progress(claim[1]) or is_complete(claim[1])}
    steps = {part for cause, _ in whole for part in conjuncts(cause)}
    return frozenset(claim for claim in every if claim in whole or claim[1] in steps)


def by_claim(tallies: Mapping[Link, Tally]) -> dict[Claim, Tally]:
    """``tallies`` by what they are about. Two wordings of one claim have one tally, so either will
    do."""
    return {claim_of(link): tally for link, tally in tallies.items()}


class Ledger:
    """The records of trials of a world with this ``language`` and the tallies of claims over them,
    on top of what was ``carried`` over from earlier episodes; the order of the trials does not
    matter."""

    def __init__(
        self,
        language: Language,
        trials: Iterable[Trial] = (),
        carried: Mapping[Claim, Tally] | None = None,
    ) -> None:
        self.language = language
        self._carried = carried or {}
        self.records: list[Record] = []
        self.best: Record | None = None
        """The first of the records with the most points."""
        self._tallies: dict[Claim, Tally] = {}
        self._lost: dict[str, int] = {}
        self.changes: set[str] = set()
        """What the trials were told that came about, folded."""
        for trial in trials:
            self.add(trial)

    def add(self, trial: Trial) -> None:
        """Read one more trial and count it for every claim that was asked about so far."""
        found = record(trial, self.language)
        ended = {folded(found.finish.at)} if found.finish.deed else set()
        self._lost.update(dict.fromkeys(found.lost | ended, len(self.records)))
        self.records.append(found)
        self.changes |= found.changed.keys()
        self.__dict__.pop("endings", None)
        if self.best is None or found.points > self.best.points:
            self.best = found
        for claim, tally in self._tallies.items():
            self._tallies[claim] = tally + count(*claim, found)

    def tally(self, link: Link) -> Tally:
        """The tally of the link's claim over all trials."""
        claim = claim_of(link)
        if claim not in self._tallies:
            self._tallies[claim] = sum(
                (count(*claim, each) for each in self.records), self._carried.get(claim, Tally())
            )
        return self._tallies[claim]

    def own(self, link: Link) -> Tally:
        """As :meth:`tally`, without what was carried over."""
        return self.tally(link) - self._carried.get(claim_of(link), Tally())

    def stated(self, link: Link) -> Link | None:
        """``link`` as its tally has it; what ended a trial for sure does not contribute for
        sure."""
        truth = stated(link, self.tally(link))
        if truth and truth.relation is Relation.NOT_CONTRIBUTE and self._is_fatal(link):
            return replace(truth, hedge=Hedge.SHOULD)
        return truth

    def harms(self, link: Link) -> bool:
        """Whether the link's cause lost points, or ended a trial for sure."""
        return self.tally(link).lost > 0 or self._is_fatal(link)

    def _is_fatal(self, link: Link) -> bool:
        about_task = is_progress(link.claim[1]) or is_complete(link.claim[1])
        return about_task and link.claim[0] in self.endings.sure

    @cached_property
    def endings(self) -> Endings:
        """What the ends of the trials say together."""
        return Endings(each.finish for each in self.records)

    def last_lost(self, link: Link) -> int:
        """The last trial (from 0, in the order of reading) that the link's cause lost points in,
        or ended; -1 if none."""
        return max(self._lost.get(part, -1) for part in link.conjuncts)
