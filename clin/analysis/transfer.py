"""The part of a report that is about transfer: what a memory from other environments or tasks
gives, task by task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clin.analysis.report import Row, against
from clin.analysis.statistics import FEW, Difference


@dataclass(frozen=True)
class Transfer:
    """An ``arm`` that began with a memory from elsewhere, against the ADAPT runs of the same
    ``strategy`` on the same places."""

    arm: str
    strategy: str
    first: Mapping[str, Difference]
    """By task: its first trials against theirs (BASE)."""
    last: Mapping[str, Difference]
    """By task: its last trials against theirs."""


def transfers(table: Sequence[Row]) -> list[Transfer]:
    """Each transfer setting that stands beside ADAPT of its strategy; empty where none does."""
    arms = dict.fromkeys((row.arm, row.strategy) for row in table if row.setting != "adapt")
    compared = [_of(table, arm, strategy) for arm, strategy in arms]
    return [transfer for transfer in compared if transfer.first]


def _of(table: Sequence[Row], arm: str, strategy: str) -> Transfer:
    first: dict[str, Difference] = {}
    last: dict[str, Difference] = {}
    for task in dict.fromkeys(row.task for row in table):
        rows = [row for row in table if row.task == task]
        if delta := against(rows, arm, strategy, first=True):
            first[task] = delta
        if delta := against(rows, arm, strategy):
            last[task] = delta
    return Transfer(arm, strategy, first, last)


def counted(by_task: Mapping[str, Difference]) -> str:
    """On how many tasks transfer helped and hurt, and hurt by more than noise, as far as there are
    pairs enough to say."""
    deltas = by_task.values()
    up = sum(delta.mean.mean > 0 for delta in deltas)
    down = sum(delta.mean.mean < 0 for delta in deltas)
    text = (
        f"helped on {up}, hurt on {down}, no difference on {len(deltas) - up - down} of "
        f"{len(deltas)} tasks"
    )
    clear = [delta.surely_below for delta in deltas if delta.surely_below is not None]
    few = [delta.mean.n for delta in deltas if delta.surely_below is None]
    if clear:
        text += f"; hurt by more than noise on {sum(clear)}"
        text += f" of the {len(clear)} that have {FEW} pairs" if few else ""
    if few:
        pairs = str(min(few)) if min(few) == max(few) else f"{min(few)} to {max(few)}"
        text += (
            f". On {len(few)} tasks n is {pairs}: too few pairs (below {FEW}) for an interval "
            "to mean anything"
        )
    return text
