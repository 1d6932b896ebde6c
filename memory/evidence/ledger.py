"""The tallies of an episode, kept up to date trial by trial: a new trial is read once and held against every claim; a new
claim is held against every trial's record. Counting everything anew gives the same (a test holds it to that)."""

from __future__ import annotations

from collections.abc import Iterable

from memory.evidence.events import PROGRESS, Record, is_progress, record
from memory.evidence.tally import Tally, count
from memory.links import Link, folded
from memory.trials import Trial

Claim = tuple[str, str]


def claim_of(link: Link) -> Claim:
    """What a link is about: all ways to speak of progress in the task are one effect."""
    cause, effect = link.claim
    return cause, folded(PROGRESS) if is_progress(effect) else effect


class Ledger:
    """The records of trials and the tallies of claims over them; the order of the trials does not matter."""

    def __init__(self, trials: Iterable[Trial] = ()) -> None:
        self.records: list[Record] = []
        self.best: Record | None = None
        """The first of the records with the most points."""
        self._tallies: dict[Claim, Tally] = {}
        self._lost: dict[str, int] = {}
        for trial in trials:
            self.add(trial)

    def add(self, trial: Trial) -> None:
        """Read one more trial and count it for every claim that was asked about so far."""
        found = record(trial)
        self._lost.update(dict.fromkeys(found.lost, len(self.records)))
        self.records.append(found)
        if self.best is None or found.points > self.best.points:
            self.best = found
        for claim, tally in self._tallies.items():
            self._tallies[claim] = tally + count(*claim, found)

    def tally(self, link: Link) -> Tally:
        """The tally of the link's claim over all trials."""
        claim = claim_of(link)
        if claim not in self._tallies:
            self._tallies[claim] = sum((count(*claim, each) for each in self.records), Tally())
        return self._tallies[claim]

    def last_lost(self, link: Link) -> int:
        """The last trial (from 0, in the order of reading) in which the link's cause lost points; -1 if none."""
        return self._lost.get(link.claim[0], -1)
