"""The part of a report that is about sequences of tasks: what a memory that is carried along keeps,
gives and costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

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

FIGURES: dict[str, Callable[[Sequence[Regime], dict[str, list[float]]], float | None]] = {
    "performance maintenance": lambda found, experts: maintenance(found),
    "forgetting": lambda found, experts: forgetting(found),
    "forward transfer": lambda found, experts: transfer(found, forward=True),
    "backward transfer": lambda found, experts: transfer(found, forward=False),
    "relative performance": relative,
    "sample efficiency": efficiency,
}

Where = tuple[str, ...]
Evaluation = list[tuple[tuple[object, ...], float]]
"""One evaluation of a frozen memory: (sequence and place, points)."""


@dataclass(frozen=True)
class Decline:
    """How a strategy's evaluations compare with the ``best`` of them (its position in the curve; of
    equals the first), paired over sequences and evaluated places: the last one, and the ``lowest``
    since the best (position ``lowest_at``)."""

    best: int
    last: Difference
    lowest_at: int
    lowest: Difference


@dataclass(frozen=True)
class Lifelong:
    """One strategy over its sequences. ``figures`` are by name: the value of each sequence that has
    one. ``curve``: points of the evaluations after 0, 1, … learning blocks, and ``learned`` how
    many trials had been learned from by then; ``decline``: None where no place was evaluated at
    both ends; ``spread``: the standard deviation of the last evaluation over orders, None for a
    single order; ``tokens``: read anew and written, by sequence, while learning."""

    strategy: str
    sequences: int
    figures: dict[str, list[float]]
    curve: tuple[Mean, ...]
    learned: tuple[float, ...]
    decline: Decline | None
    spread: float | None
    tokens: float


def lifelong(table: Sequence[Row]) -> list[Lifelong]:
    """Each strategy that was played in a sequence; empty where none was."""
    streamed = [row for row in table if row.stream]
    return [
        _of(strategy, [row for row in streamed if row.strategy == strategy])
        for strategy in dict.fromkeys(row.strategy for row in streamed)
    ]


def _of(strategy: str, table: list[Row]) -> Lifelong:
    sequences: dict[Where, list[Row]] = {}
    alone: dict[Where, dict[str, list[float]]] = {}
    for row in table:
        order = row.stream.split("/")[0]
        where: Where = (row.world, row.model, str(row.seed))
        if order.startswith(ALONE):
            alone.setdefault(where, {}).setdefault(row.task, []).append(row.points)
        else:
            sequences.setdefault((*where, order), []).append(row)
    figures: dict[str, list[float]] = {name: [] for name in FIGURES}
    for where, rows in sequences.items():
        found = regimes(
            Experience(_number(row), not _evaluates(row), row.task, row.points) for row in rows
        )
        experts = alone.get(where[:3], {})
        for name, figure in FIGURES.items():
            value = figure(found, experts)
            figures[name] += [] if value is None else [value]
    evaluated = _evaluations(sequences)
    last = [_last(rows) for rows in sequences.values()]
    learning = [row for rows in sequences.values() for row in rows if not _evaluates(row)]
    return Lifelong(
        strategy,
        len(sequences),
        figures,
        tuple(mean_of([points for _, points in each]) for each in evaluated.values()),
        tuple(_learned(sequences, block) for block in evaluated),
        _decline(list(evaluated.values())) if evaluated else None,
        float(np.std(last)) if len(last) > 1 else None,
        sum(row.read - row.reused + row.written for row in learning) / max(1, len(sequences)),
    )


def _evaluations(sequences: dict[Where, list[Row]]) -> dict[int, Evaluation]:
    """By the number of learning blocks before it, in order."""
    found: dict[int, Evaluation] = {}
    for where, rows in sequences.items():
        for row in filter(_evaluates, rows):
            found.setdefault(_block(row), []).append(
                ((*where, row.task, row.variation), row.points)
            )
    return dict(sorted(found.items()))


def _learned(sequences: dict[Where, list[Row]], block: int) -> float:
    """Trials that a sequence had to learn from in its blocks up to ``block``, as its runs'
    configurations have it; the mean over sequences, which differ only where worlds or experiments
    do."""
    counts = []
    for rows in sequences.values():
        if any(_evaluates(row) and _block(row) == block for row in rows):
            runs = {
                row.run: row.trials for row in rows if not _evaluates(row) and _block(row) <= block
            }
            counts.append(sum(runs.values()))
    return float(np.mean(counts))


def _decline(found: Sequence[Evaluation]) -> Decline | None:
    means = [float(np.mean([points for _, points in each])) for each in found]
    best = means.index(max(means))
    lowest = min(range(best, len(means)), key=means.__getitem__)
    last, least = _paired(found[-1], found[best]), _paired(found[lowest], found[best])
    return Decline(best, last, lowest, least) if last and least else None


def _paired(one: Evaluation, other: Evaluation) -> Difference | None:
    left, right = dict(one), dict(other)
    both = [place for place in left if place in right]
    return (
        difference([left[place] for place in both], [right[place] for place in both])
        if both
        else None
    )


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
