"""Learning curves as numbers: a line per run, or per group of runs that differ in seed or variation
alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean

from clin.analysis.statistics import mean_of
from tui.feed import Run

ALIKE = ("world", "task", "strategy", "writer", "model")
"""What runs of one curve have in common."""


@dataclass(frozen=True)
class Series:
    """One line of a plot.

    ``points`` are (trial, mean); ``low`` and ``high`` the ends of a 95 % bootstrap interval per
    point where ``runs`` is more than one.
    """

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
        groups.setdefault(tuple(map(run.about, ALIKE)), []).append(run)
    return [_series(alike, what) for alike in groups.values()]


def _series(runs: Sequence[Run], what: str) -> Series:
    trials: dict[int, list[float]] = {}
    for run in runs:
        for trial in run.ended:
            value = float(trial.score if what == "score" else trial.steps)
            trials.setdefault(trial.number, []).append(value)
    ordered = [(number, tuple(values)) for number, values in sorted(trials.items())]
    spans = [interval(values) for _, values in ordered]
    return Series(
        name=_name(runs),
        points=tuple((number, fmean(values)) for number, values in ordered),
        low=tuple(low for low, _ in spans),
        high=tuple(high for _, high in spans),
        runs=len(runs),
    )


def _name(runs: Sequence[Run]) -> str:
    """What runs that are alike have in common."""
    run = runs[0]
    who = run.name if len(runs) == 1 else f"{len(runs)} runs"
    variation = run.about("variation") if len(runs) == 1 else ""
    by, writer = run.about("strategy"), run.about("writer")
    if writer and by != "none":
        by = f"{by}/{writer}"
    name = f"{who}: {run.about('task')} {variation} {by} {run.about('model')}"
    return " ".join(name.split())


@lru_cache(maxsize=4096)
def interval(values: tuple[float, ...]) -> tuple[float, float]:
    """The 95 % interval of the mean; kept, since a plot is drawn often and few points change."""
    found = mean_of(values)
    return found.low, found.high
