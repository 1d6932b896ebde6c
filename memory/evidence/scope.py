"""What a sequence of episodes has counted, by the scope in which it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from memory.evidence.ledger import Claim, by_claim, claim_of, of_the_task
from memory.evidence.tally import Tally, judged, stated
from memory.links import Link, Relation
from memory.trials import Memory


class Counted:
    """Tallies of a sequence of episodes in one world.

    A claim about the world (what an action takes, where a thing is found) is counted through all
    tasks. A claim about a task as a whole is first of all about the environment where it was made:
    that the frog was wrong here says nothing of the next pond. It holds for its task once two
    environments bear it out and none contradicts it.
    """

    def __init__(self) -> None:
        self._links: dict[Claim, Link] = {}
        self._world: dict[Claim, Tally] = {}
        self._places: dict[str, dict[int, dict[Claim, Tally]]] = {}

    def add(
        self, task: str, variation: int, tallies: Mapping[Link, Tally], base: Mapping[Link, Tally]
    ) -> None:
        """The tallies at the end of an episode, which went on from ``base`` (what :meth:`here`
        gave)."""
        before, now = by_claim(base), by_claim(tallies)
        self._links |= {claim_of(link): link for link in tallies}
        about_it = of_the_task(now)
        here = self._places.setdefault(task, {}).setdefault(variation, {})
        for claim, tally in now.items():
            if claim not in about_it:
                self._world[claim] = tally
            elif (own := tally - before.get(claim, Tally())).seen:
                here[claim] = here.get(claim, Tally()) + own

    def here(self, task: str, variation: int) -> dict[Link, Tally]:
        """What an episode in this place goes on from; claims that no trial bore on are left out."""
        places = self._places.get(task, {})
        found = dict(self._world)
        for claim in {claim for each in places.values() for claim in each}:
            confirmed = [each[claim] for each in places.values() if claim in each]
            if claim in places.get(variation, {}) or (
                len(confirmed) > 1 and len({_helps(tally, claim) for tally in confirmed}) == 1
            ):
                found[claim] = sum(confirmed, Tally())
        return {self._links[claim]: tally for claim, tally in found.items() if tally.seen}


def restated(memory: Memory, tallies: Mapping[Link, Tally]) -> Memory:
    """``memory`` with its links as ``tallies`` have them: what the last episode made of a link need
    not hold in the next one's task."""
    known = by_claim(tallies)
    links = [
        stated(link, known[claim]) or link if (claim := claim_of(link)) in known else link
        for link in memory.links
    ]
    return replace(memory, links=tuple(dict.fromkeys(links)))


def _helps(tally: Tally, claim: Claim) -> bool:
    verdict = judged(tally, claim[1])
    return verdict is not None and verdict[0] is not Relation.NOT_CONTRIBUTE
