"""The part of a report that is about transfer: what a memory from other environments or tasks
gives, task by task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clin.analysis.report import Row, against
from clin.analysis.statistics import FEW, Difference


@dataclass(frozen=True)
class Transfer:
    """An ``arm`` that began with a memory from elsewhere against the ADAPT runs of the same
    ``strategy`` on the same places, by task: its ``first`` trials against theirs (BASE), its
    ``last`` against their last."""

    arm: str
    strategy: str
    first: Mapping[str, Difference]
    last: Mapping[str, Difference]


def transfers(table: Sequence[Row]) -> list[Transfer]:
    """Each transfer setting that stands beside ADAPT of its strategy; empty where none does."""
    arms = dict.fromkeys((row.arm, row.strategy) for row in table if row.setting != "adapt")
    found = [_of(table, arm, strategy) for arm, strategy in arms]
    return [each for each in found if each.first]


def _of(table: Sequence[Row], arm: str, strategy: str) -> Transfer:
    tasks = dict.fromkeys(row.task for row in table)
    mine = {
        task: [row for row in table if row.task == task and row.arm in (arm, strategy)]
        for task in tasks
    }
    first = {task: against(rows, arm, strategy, first=True) for task, rows in mine.items()}
    last = {task: against(rows, arm, strategy) for task, rows in mine.items()}
    return Transfer(
        arm, strategy, {t: d for t, d in first.items() if d}, {t: d for t, d in last.items() if d}
    )


def counted(found: Mapping[str, Difference]) -> str:
    """On how many tasks transfer helped and hurt, and hurt by more than noise, as far as there are
    pairs enough to say."""
    means = [each.mean.mean for each in found.values()]
    told = [each.surely_below for each in found.values() if each.surely_below is not None]
    few = [each.mean.n for each in found.values() if each.surely_below is None]
    up, down = sum(mean > 0 for mean in means), sum(mean < 0 for mean in means)
    text = (
        f"helped on {up}, hurt on {down}, no difference on {len(means) - up - down} of "
        f"{len(means)} tasks"
    )
    if told:
        text += (
            "; hurt by more than noise on "
            f"{sum(told)}{f' of the {len(told)} that have {FEW} pairs' if few else ''}"
        )
    if few:
        pairs = str(min(few)) if min(few) == max(few) else f"{min(few)} to {max(few)}"
        text += (
            f". On {len(few)} tasks n is {pairs}: too few pairs (below {FEW}) for an interval "
            "to mean anything"
        )
    return text
