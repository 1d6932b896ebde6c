"""What a run that is started from another (``--from RUN``) takes over of its tallies."""

from __future__ import annotations

from dataclasses import replace

from clin.config import RunConfig
from clin.spellings import grouped
from memory.evidence.tally import Tally
from memory.exchange import Taken, tallies_at
from memory.links import Link
from memory.strategies import traits_of


def carried_into(config: RunConfig, taken: Taken) -> dict[Link, Tally]:
    """The tallies of ``taken`` that count in a run of this ``config``: none for a strategy that
    does not count, else those of :func:`memory.exchange.tallies_at`."""
    if not traits_of(config.strategy).counts:
        return {}
    there = replace(taken, config=grouped(taken.config))
    return tallies_at(config.model_dump(mode="json"), there)
