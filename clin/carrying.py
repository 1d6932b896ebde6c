"""What a run that is started from another (``--from RUN``) takes over of its tallies."""

from __future__ import annotations

from typing import Any

from clin.config import RunConfig
from clin.spellings import grouped
from memory.evidence.ledger import claim_of, of_the_task
from memory.evidence.tally import Tally
from memory.exchange import Taken
from memory.links import Link
from memory.strategies import traits_of

WORLD = ("world", "world_options")
PLACE = (*WORLD, "task", "variation")
"""The fields of a configuration that say in which world, and at which place of it, a run plays."""


def carried_into(config: RunConfig, taken: Taken) -> dict[Link, Tally]:
    """The tallies of ``taken`` that count in a run of this ``config``.

    At the same place all do. At another place of the same world, claims about a task as a whole
    are left behind: they were counted where something else was asked for. Another world knows none
    of it, and no more does a strategy that does not count.
    """
    here, there = config.model_dump(mode="json"), grouped(taken.config)
    if not traits_of(config.strategy).counts or not _agree(WORLD, here, there):
        return {}
    if _agree(PLACE, here, there):
        return dict(taken.tallies)
    elsewhere = of_the_task(map(claim_of, taken.tallies))
    return {link: each for link, each in taken.tallies.items() if claim_of(link) not in elsewhere}


def _agree(fields: tuple[str, ...], here: dict[str, Any], there: dict[str, Any]) -> bool:
    return all(here.get(name) == there.get(name) for name in fields)
