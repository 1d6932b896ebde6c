"""What several runs show together: each link with its tally over all of them, and with slots where
their goals differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memory.evidence.ledger import Claim, Ledger, claim_of
from memory.evidence.tally import Tally, explained_away, stated
from memory.language import Language
from memory.links import Hedge, Link, Relation
from memory.slots import Slots
from memory.trials import Memory, Trial


@dataclass(frozen=True)
class Played:
    """One run: its ended trials, and the memory after the last of them."""

    trials: Sequence[Trial]
    memory: Memory


@dataclass(frozen=True)
class Held:
    """A ``link`` in slots, as all runs together have it, with the sum of their tallies, and by
    which of them it was seen to hold (numbers from 0)."""

    link: Link
    tally: Tally
    runs: tuple[int, ...]


@dataclass(frozen=True)
class Across:
    """The links that at least two runs bear on, first those that hold in most of them; and how many
    one run alone bears on."""

    slots: Slots
    held: tuple[Held, ...]
    alone: int


def across(played: Sequence[Played], language: Language) -> Across:
    """Hold the links of each run against the trials of all. The goals have one form; SlotsError
    else."""
    slots = Slots.of([each.trials[-1].goal for each in played])
    ledgers = [Ledger(language, each.trials) for each in played]
    claims: dict[Claim, Link] = {}
    for place, each in enumerate(played):
        for link in each.memory.links:
            lifted = slots.lifted_link(link, place)
            claims.setdefault(claim_of(lifted), lifted)
    held: list[Held] = []
    alone = 0
    for link in claims.values():
        counted = [
            ledger.tally(slots.instance_link(link, place)) for place, ledger in enumerate(ledgers)
        ]
        if sum(tally.seen > 0 for tally in counted) < 2:
            alone += 1
        elif one := _held(link, counted):
            held.append(one)
    held.sort(key=lambda one: (one.link.relation is Relation.NOT_CONTRIBUTE, -len(one.runs)))
    return Across(slots, tuple(held), alone)


def _held(link: Link, counted: Sequence[Tally]) -> Held | None:
    """None where the runs together say nothing of it, or explain it away."""
    tally = sum(counted, Tally())
    said = stated(link, tally)
    if said is None or explained_away(tally, link.claim[1]):
        return None
    denied = said.relation is Relation.NOT_CONTRIBUTE
    runs = tuple(
        number
        for number, each in enumerate(counted)
        if (not each.together and each.seen if denied else each.together)
    )
    return Held(_hedged(said, runs), tally, runs)


def _hedged(link: Link, runs: Sequence[int]) -> Link:
    """What held in one run alone is MAY, as where a memory is carried over."""
    if link.relation is not Relation.NOT_CONTRIBUTE and len(runs) < 2:
        return Link(link.cause, Hedge.MAY, link.relation, link.effect)
    return link
