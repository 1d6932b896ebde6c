"""The figures of a report as data, for a paper: what :mod:`clin.analysis.drawing` draws, and what
stands beside each drawing as CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from clin.analysis.pairs import paired
from clin.analysis.plots import Panel, panels
from clin.analysis.report import Row, arms, by_task
from clin.analysis.statistics import Difference, Mean


@dataclass(frozen=True)
class Curves:
    """Mean points over trials, or over learning in sequences, with 95 % intervals."""

    name: str
    panel: Panel

    def rows(self) -> list[dict[str, object]]:
        """A row for each point of each curve."""
        return [
            {"curve": curve.name, self.panel.unit: x, **asdict(mean)}
            for curve in self.panel.curves
            for x, mean in curve.points
        ]


@dataclass(frozen=True)
class Differences:
    """Paired differences in points, with 95 % intervals."""

    name: str
    pairs: Sequence[tuple[str, Difference]]

    def rows(self) -> list[dict[str, object]]:
        """A row for each difference, with the sign test."""
        return [
            {
                "difference": name,
                **asdict(delta.mean),
                "above": delta.above,
                "below": delta.below,
                "p": delta.p,
            }
            for name, delta in self.pairs
        ]


@dataclass(frozen=True)
class HeatMap:
    """Mean points of the last trial, by task and arm; an arm that did not play a task has none."""

    name: str
    means: Mapping[str, Mapping[str, Mean]]

    @property
    def arms(self) -> list[str]:
        """The columns, in order of first appearance."""
        return list(dict.fromkeys(arm for by_arm in self.means.values() for arm in by_arm))

    def rows(self) -> list[dict[str, object]]:
        """A row for each cell that has a mean."""
        return [
            {"task": task, "strategy": arm, **asdict(mean)}
            for task, by_arm in self.means.items()
            for arm, mean in by_arm.items()
        ]


Figure = Curves | Differences | HeatMap


def figures(table: Sequence[Row]) -> list[Figure]:
    """The figures that ``table`` has data for; each has at least one row."""
    made: list[Figure] = [
        Curves("sequence-curves" if panel.bands else "learning-curves", panel)
        for panel in panels(table)
    ]
    single = [row for row in table if not row.stream]
    if pairs := paired(single, arms(single)):
        made.append(Differences("paired-differences", pairs))
    if single:
        made.append(HeatMap("task-by-strategy", by_task(single)))
    return made
