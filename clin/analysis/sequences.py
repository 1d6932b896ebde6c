"""The part of a report that is about sequences of tasks: what a memory that is carried along keeps,
gives and costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clin.analysis.gains import composed
from clin.analysis.lifelong import (
    Experience,
    Regime,
    efficiency,
    forgetting,
    maintenance,
    regimes,
    relative,
    transfer,
)
from clin.analysis.report import Row
from clin.analysis.statistics import Difference, Mean, difference, mean_of
from clin.experiments.sequence import ALONE

FIGURES: dict[str, Callable[[Sequence[Regime], Experts], float | None]] = {
    "performance maintenance": lambda sequence, experts: maintenance(sequence),
    "forgetting": lambda sequence, experts: forgetting(sequence),
    "forward transfer": lambda sequence, experts: transfer(sequence, forward=True),
    "backward transfer": lambda sequence, experts: transfer(sequence, forward=False),
    "relative performance": relative,
    "sample efficiency": efficiency,
}

Where = tuple[str, ...]
"""World, model and seed, and for a sequence its order."""
Experts = dict[str, list[float]]
"""By task: the points, trial by trial, of an agent that learned this task alone."""
Evaluation = list[tuple[tuple[object, ...], float]]
"""One evaluation of a frozen memory: (sequence and place, points)."""


@dataclass(frozen=True)
class Decline:
    """How a strategy's evaluations compare with the best of them, paired over sequences and
    evaluated places."""

    best: int
    """Its position in the curve; of equals the first."""
    last: Difference
    """The last evaluation against the best."""
    lowest_at: int
    """The position of the lowest since the best."""
    lowest: Difference
    """That one against the best."""


@dataclass(frozen=True)
class Lifelong:
    """One strategy over its sequences."""

    strategy: str
    sequences: int
    figures: dict[str, list[float]]
    """By name: the value of each sequence that has one."""
    curve: tuple[Mean, ...]
    """Points of the evaluations after 0, 1, … learning blocks."""
    learned: tuple[float, ...]
    """How many trials had been learned from by each evaluation."""
    decline: Decline | None
    """None where no place was evaluated at both ends."""
    spread: float | None
    """The standard deviation of the last evaluation over orders; None for a single order."""
    tokens: float
    """Read anew and written, by sequence, while learning."""


def lifelong(table: Sequence[Row]) -> list[Lifelong]:
    """Each strategy that was played in a sequence without targets; empty where none was."""
    by_strategy: dict[str, list[Row]] = {}
    for row in table:
        if row.stream and not composed(row):
            by_strategy.setdefault(row.strategy, []).append(row)
    return [_of(strategy, rows) for strategy, rows in by_strategy.items()]


def _of(strategy: str, table: list[Row]) -> Lifelong:
    sequences, alone = _sorted_out(table)
    evaluated = _evaluations(sequences)
    curve = tuple(mean_of([points for _, points in each]) for each in evaluated.values())
    last = [_last(rows) for rows in sequences.values()]
    learning = [row for rows in sequences.values() for row in rows if not _evaluates(row)]
    tokens = sum(row.read - row.reused + row.written for row in learning)
    return Lifelong(
        strategy,
        sequences=len(sequences),
        figures=_figures(sequences, alone),
        curve=curve,
        learned=tuple(_learned(sequences, block) for block in evaluated),
        decline=_decline(list(evaluated.values()), [mean.mean for mean in curve]),
        spread=float(np.std(last)) if len(last) > 1 else None,
        tokens=tokens / max(1, len(sequences)),
    )


def _sorted_out(table: Sequence[Row]) -> tuple[dict[Where, list[Row]], dict[Where, Experts]]:
    """The rows of each sequence, and the points of the experts that learned one task alone."""
    sequences: dict[Where, list[Row]] = {}
    alone: dict[Where, Experts] = {}
    for row in table:
        order = row.stream.split("/")[0]
        where: Where = (row.world, row.model, str(row.seed))
        if order.startswith(ALONE):
            alone.setdefault(where, {}).setdefault(row.task, []).append(row.points)
        else:
            sequences.setdefault((*where, order), []).append(row)
    return sequences, alone


def _figures(
    sequences: Mapping[Where, Sequence[Row]], alone: Mapping[Where, Experts]
) -> dict[str, list[float]]:
    values: dict[str, list[float]] = {name: [] for name in FIGURES}
    for where, rows in sequences.items():
        sequence = regimes(map(_experience, rows))
        for name, figure in FIGURES.items():
            value = figure(sequence, alone.get(where[:3], {}))
            if value is not None:
                values[name].append(value)
    return values


def _experience(row: Row) -> Experience:
    return Experience(_number(row), not _evaluates(row), row.task, row.points)


def _evaluations(sequences: Mapping[Where, Sequence[Row]]) -> dict[int, Evaluation]:
    """By the number of learning blocks before it, in order."""
    by_block: dict[int, Evaluation] = {}
    for where, rows in sequences.items():
        for row in filter(_evaluates, rows):
            place = (*where, row.task, row.variation)
            by_block.setdefault(_block(row), []).append((place, row.points))
    return dict(sorted(by_block.items()))


def _learned(sequences: Mapping[Where, Sequence[Row]], block: int) -> float:
    """Trials that a sequence had to learn from in its blocks up to ``block``.

    It is what its runs' configurations say, as the mean over sequences, which differ only where
    worlds or experiments do.
    """
    counts = []
    for rows in sequences.values():
        if any(_evaluates(row) and _block(row) == block for row in rows):
            earlier = [row for row in rows if not _evaluates(row) and _block(row) <= block]
            counts.append(sum({row.run: row.trials for row in earlier}.values()))
    return float(np.mean(counts))


def _decline(evaluations: Sequence[Evaluation], means: Sequence[float]) -> Decline | None:
    if not evaluations:
        return None
    best = means.index(max(means))
    lowest_at = min(range(best, len(means)), key=means.__getitem__)
    last = _paired(evaluations[-1], evaluations[best])
    lowest = _paired(evaluations[lowest_at], evaluations[best])
    return Decline(best, last, lowest_at, lowest) if last and lowest else None


def _paired(one: Evaluation, other: Evaluation) -> Difference | None:
    left, right = dict(one), dict(other)
    both = [place for place in left if place in right]
    if not both:
        return None
    return difference([left[place] for place in both], [right[place] for place in both])


def _last(rows: Sequence[Row]) -> float:
    """Mean points of a sequence's last evaluation; 0 where it has none."""
    evaluated = [row for row in rows if _evaluates(row)]
    last = max(map(_block, evaluated), default=0)
    return float(np.mean([row.points for row in evaluated if _block(row) == last] or [0.0]))


def _evaluates(row: Row) -> bool:
    return row.stream.endswith("/evaluate")


def _block(row: Row) -> int:
    return int(row.stream.split("/")[1])


def _number(row: Row) -> int:
    """Learning block k is followed by evaluation k: 0, then 1 and 2, then 3 and 4 ..."""
    return 2 * _block(row) - (not _evaluates(row))
