"""A test of a link: for a bounded part of a trial its cause is withheld, and the record shows
whether the effect comes without.

Watching alone cannot tell a cause from its companion: where the agent always opens the drawer
before it finds the pot, both "open the drawer" and whatever else it always does stand before the
find. Withholding one of them does (Pearl's do-operator, set to *not done*). The tallies then count
the trial as any other; nothing is believed because it was tested.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from memory.evidence.events import is_complete, is_progress, spellings
from memory.evidence.tally import Tally
from memory.links import Hedge, Link, Relation, folded


@dataclass(frozen=True)
class LinkTest:
    """``link`` is put to the test: its cause is not offered to the agent in the first ``steps``
    steps of a trial."""

    link: Link
    steps: int

    def withholds(self, action: str) -> bool:
        """Whether ``action`` is the cause that is withheld, however it is spelled."""
        return folded(action) in set(spellings(self.link.claim[0]))


def chosen(tallies: Mapping[Link, Tally], tested: Collection[Link], steps: int) -> LinkTest | None:
    """What to test next in ``steps`` steps; None where nothing is open.

    Open is a claim that its effect needs its cause, whose effect was never seen without it, which
    was not ``tested`` yet, and which is either not sure or disagrees with another about what the
    effect takes. What is sure and undisputed is left alone: to withhold what wins costs a trial and
    teaches little. First come claims about the whole task, then those about progress in it; among
    them the disputed ones, then the least sure.
    """
    done = {link.claim for link in tested}
    effects = [link.claim[1] for link in tallies if link.relation is not Relation.NOT_CONTRIBUTE]
    disputed = {link for link in tallies if effects.count(link.claim[1]) > 1}
    unrefuted = (
        link
        for link, tally in tallies.items()
        if link.relation is Relation.NECESSARY and tally.together and not tally.without
    )
    open_ = [
        link
        for link in unrefuted
        if link.claim not in done and (link.hedge is Hedge.MAY or link in disputed)
    ]

    def rank(link: Link) -> tuple[int, bool, bool, int, str]:
        effect = link.claim[1]
        goal = 0 if is_complete(effect) else 1 if is_progress(effect) else 2
        return (
            goal,
            link not in disputed,
            link.hedge is not Hedge.MAY,
            tallies[link].together,
            str(link),
        )

    return LinkTest(min(open_, key=rank), steps) if open_ else None
