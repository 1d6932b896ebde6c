"""Learning curves as numbers: a line per run, or per group of runs that differ in seed or variation
alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean

from clin.analysis.statistics import mean_of
from tui.feed import Run


@dataclass(frozen=True)
class Series:
    """One line of a plot: ``points`` are (trial, mean), ``low`` and ``high`` the ends of a 95 %
    bootstrap interval per point where ``runs`` is more than one."""

    name: str
    points: tuple[tuple[int, float], ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    runs: int


def series(runs: Sequence[Run], what: str) -> list[Series]:
    """The curves of ``runs``; ``what`` is ``score`` (points) or ``steps``. Runs that are alike but
    for seed and variation become one curve, when there are several of them."""
    groups: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        groups.setdefault(
            tuple(run.about(field) for field in ("world", "task", "strategy", "writer", "model")),
            [],
        ).append(run)
    return [_series(key, alike, what) for key, alike in groups.items()]


def _series(key: tuple[str, ...], runs: Sequence[Run], what: str) -> Series:
    _, task, strategy, writer, model = key
    trials: dict[int, list[float]] = {}
    for run in runs:
        for line in run.ended:
            trials.setdefault(line.number, []).append(
                float(line.score if what == "score" else line.steps)
            )
    points = tuple((number, fmean(values)) for number, values in sorted(trials.items()))
    spans = [interval(tuple(values)) for _, values in sorted(trials.items())]
    who = runs[0].name if len(runs) == 1 else f"{len(runs)} runs"
    by = f"{strategy}/{writer}" if writer and strategy != "none" else strategy
    name = f"{who}: {task} {runs[0].about('variation') if len(runs) == 1 else ''} {by} {model}"
    return Series(
        " ".join(name.split()),
        points,
        tuple(s[0] for s in spans),
        tuple(s[1] for s in spans),
        len(runs),
    )


@lru_cache(maxsize=4096)
def interval(values: tuple[float, ...]) -> tuple[float, float]:
    """The 95 % interval of the mean; kept, since a plot is drawn often and few points change."""
    found = mean_of(values)
    return found.low, found.high
