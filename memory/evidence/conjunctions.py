"""What is needed together: causes that do nothing apart.

Where trials are told only how they ended, no step says what led there. What all successes share and
no failure has in full is then the cause. The smallest such set of deeds is taken (a minimal hitting
set of what the failures lacked; Reiter 1987, "A Theory of Diagnosis from First Principles"), and
only where no other set of its size explains the trials as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from memory.evidence.events import COMPLETE, Record, is_complete
from memory.evidence.ledger import Ledger
from memory.language import Language
from memory.links import Hedge, Link, LinkError, Relation, folded, joined
from memory.trials import VERDICT, Trial

MOST_PARTS = 3
MOST_DEEDS = 40
"""Deeds that all successes share and that are weighed: the latest."""


def needed_together(records: Sequence[Record], deeds: Iterable[str]) -> tuple[str, ...]:
    """Of the folded ``deeds`` the two or three that all successes among ``records`` did and that no
    failure did in full, in the order of the latest success. Nothing where one deed alone explains
    the trials, where several sets do, or where nothing was won or nothing lost."""
    won = [record for record in records if record.won_at is not None]
    failed = [record for record in records if record.won_at is None]
    if not won or not failed:
        return ()
    shared = set(deeds).intersection(*map(_before_the_end, won))
    order = sorted(shared, key=won[-1].first.__getitem__)[-MOST_DEEDS:]
    lacked = _lacked(order, failed)
    if not all(lacked):
        return ()  # a failure did all of it
    for size in range(1, MOST_PARTS + 1):
        found = [each for each in combinations(range(len(order)), size) if _hits(each, lacked)]
        if found:
            parts = tuple(order[bit] for bit in found[0])
            return parts if size > 1 and not found[1:] else ()
    return ()


def deeds(trial: Trial, language: Language) -> dict[str, str]:
    """What ``trial`` did that may be needed, folded, each with its spelling: no looking, waiting or
    walking, and not the verdict on it."""
    idle = (language.is_look, language.passes_time, language.is_move)
    actions = dict.fromkeys(step.action for step in trial.steps)
    done = (action for action in actions if not any(says(action) for says in idle))
    return {folded(action): action for action in done if action != VERDICT}


def _before_the_end(record: Record) -> Iterator[str]:
    """What a success did up to the step that won."""
    end = record.won_at or 0
    return (name for name, index in record.first.items() if index <= end)


def _lacked(order: Sequence[str], failed: Iterable[Record]) -> list[int]:
    """What the failures did not do of ``order``, a bit for each; the fewest first, since most sets
    fail there."""
    bits = {name: 1 << place for place, name in enumerate(order)}
    every = (1 << len(order)) - 1
    did = (sum(bits[name] for name in bits.keys() & record.first.keys()) for record in failed)
    return sorted({every & ~done for done in did}, key=int.bit_count)


def _hits(parts: Iterable[int], lacked: Iterable[int]) -> bool:
    """Whether each failure lacked one of the ``parts``."""
    chosen = sum(1 << part for part in parts)
    return all(chosen & each for each in lacked)


def proposed(ledger: Ledger, spelled: Mapping[str, str]) -> tuple[Link, ...]:
    """A link that says what the trials of ``ledger`` needed together to complete the task, if they
    show it; of the deeds that ``spelled`` names, in its spelling."""
    parts = needed_together(ledger.records, spelled)
    if not parts:
        return ()
    cause = joined(spelled[part] for part in parts)
    try:
        return (Link(cause, Hedge.MAY, Relation.NECESSARY, COMPLETE),)
    except LinkError:  # too long together
        return ()


def without_its_parts(links: Sequence[Link], ledger: Ledger) -> list[Link]:
    """``links`` without those that say less than a conjunction among them: what each part does by
    itself, what else went before the end that it explains, and conjunctions that the record has
    exceptions to."""
    joint = [link for link in links if link.conjuncts[1:] and _ends(link)]
    exact = [link for link in joint if _has_no_exception(link, ledger)]
    if not exact:
        return [link for link in links if link not in joint or _is_unread(link, ledger)]
    return [
        link
        for link in links
        if link in exact or not _ends(link) or _is_unread(link, ledger) or _is_more(link, ledger)
    ]


def _ends(link: Link) -> bool:
    return link.relation is not Relation.NOT_CONTRIBUTE and is_complete(link.claim[1])


def _has_no_exception(link: Link, ledger: Ledger) -> bool:
    tally = ledger.tally(link)
    return bool(tally.together) and not (tally.without or tally.alone or tally.lost)


def _is_unread(link: Link, ledger: Ledger) -> bool:
    """Whether the record says nothing of it."""
    return not ledger.tally(link).seen


def _is_more(link: Link, ledger: Ledger) -> bool:
    """Whether it explains the trials as well as the conjunction does."""
    return not link.conjuncts[1:] and _has_no_exception(link, ledger)
