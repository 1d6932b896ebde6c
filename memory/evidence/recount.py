"""Count every stored tally of a run anew, from its stored steps alone."""

from __future__ import annotations

from dataclasses import dataclass

from memory.evidence.events import Record, record
from memory.evidence.ledger import by_claim, claim_of
from memory.evidence.tally import Tally, count
from memory.language import Language
from memory.links import Link
from memory.store import Store


@dataclass(frozen=True)
class Recount:
    """A link's tally in the version after ``trial``, as stored and as counted from the steps."""

    trial: int
    link: Link
    stored: Tally
    counted: Tally


def recount(store: Store, run: str, language: Language) -> list[Recount]:
    """Every stored tally of ``run``, played in a world with this ``language``, beside its count;
    nothing is taken over from one version to the next but what the run carried over from earlier
    ones, which are recounted by themselves."""
    records: list[Record] = []
    carried = by_claim(store.tallies(run, -1))
    found = []
    for row in store.trials(run):
        if row.ending is None:
            continue
        records.append(record(store.trial(row.id), language))
        stored = store.tallies(run, row.number)
        found += [
            Recount(
                row.number,
                link,
                tally,
                sum(
                    (count(*claim_of(link), each) for each in records),
                    carried.get(claim_of(link), Tally()),
                ),
            )
            for link, tally in stored.items()
        ]
    return found
