"""Trials of which only the outcome is known: success or failure, for all that was done together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from memory.evidence.events import COMPLETE
from memory.links import Hedge, Link, LinkError, Relation, folded
from memory.strategies import Revised
from memory.trials import VERDICT, Trial

MOST_JUDGED = 40
"""Distinct actions of a trial, the latest ones, which its outcome is counted for."""


def all_that_was_done(trial: Trial) -> Iterator[Link]:
    """A link for each distinct action of a trial of which only the outcome is known: any of them
    may have led to it, and the tally decides over the trials."""
    latest = dict.fromkeys(step.action for step in reversed(trial.steps) if step.action != VERDICT)
    for action in [*latest][:MOST_JUDGED][::-1]:
        with suppress(LinkError):  # an action that is no phrase
            yield Link(action, Hedge.MAY, Relation.CONTRIBUTE, COMPLETE)


def of_outcomes(revised: Revised) -> Revised:
    """``revised`` where trials are judged as a whole. A verdict is no action, so no link is to
    speak of it. And no step but the last gains, so that it gained nothing is no reason to leave out
    what led to success."""
    links = revised.memory.links
    helping = [link for link in links if link.relation is not Relation.NOT_CONTRIBUTE]
    helps = {part for link in helping for part in link.conjuncts}
    kept = [
        link
        for link in links
        if folded(VERDICT) not in (*link.conjuncts, link.claim[1])
        and not (link.relation is Relation.NOT_CONTRIBUTE and link.claim[0] in helps)
    ]
    return replace(
        revised,
        memory=replace(revised.memory, links=tuple(kept)),
        tallies=tuple(each for each in revised.tallies if each[0] in kept),
    )
