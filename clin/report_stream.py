"""The part of a report that is about sequences of tasks: what a memory that is carried along keeps, gives and costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from clin.lifelong import Experience, Regime, efficiency, forgetting, maintenance, regimes, relative, transfer
from clin.report import Row
from clin.score import Mean, mean_of
from clin.stream import ALONE

FIGURES: dict[str, Callable[[Sequence[Regime], dict[str, list[float]]], float | None]] = {
    "performance maintenance": lambda found, experts: maintenance(found),
    "forgetting": lambda found, experts: forgetting(found),
    "forward transfer": lambda found, experts: transfer(found, forward=True),
    "backward transfer": lambda found, experts: transfer(found, forward=False),
    "relative performance": relative,
    "sample efficiency": efficiency,
}


@dataclass(frozen=True)
class Lifelong:
    """One strategy over its sequences. ``figures`` are by name: the value of each sequence that has one. ``curve``: points of
    the evaluations after 0, 1, … learning blocks; ``spread``: the standard deviation of the last one over orders, None for a
    single order; ``tokens``: read anew and written, by sequence, while learning."""

    strategy: str
    sequences: int
    figures: dict[str, list[float]]
    curve: tuple[Mean, ...]
    spread: float | None
    tokens: float


def lifelong(table: Sequence[Row]) -> list[Lifelong]:
    """Each strategy that was played in a sequence; empty where none was."""
    streamed = [row for row in table if row.stream]
    return [_of(strategy, [row for row in streamed if row.strategy == strategy]) for strategy in dict.fromkeys(row.strategy for row in streamed)]


def _of(strategy: str, table: list[Row]) -> Lifelong:
    sequences: dict[tuple[str, ...], list[Row]] = {}
    alone: dict[tuple[str, ...], dict[str, list[float]]] = {}
    for row in table:
        order = row.stream.split("/")[0]
        where = (row.world, row.model, str(row.seed))
        if order.startswith(ALONE):
            alone.setdefault(where, {}).setdefault(row.task, []).append(row.points)
        else:
            sequences.setdefault((*where, order), []).append(row)
    figures: dict[str, list[float]] = {name: [] for name in FIGURES}
    evaluated: dict[int, list[float]] = {}
    last: list[float] = []
    for where, rows in sequences.items():
        found = regimes(Experience(_number(row), not row.stream.endswith("evaluate"), row.task, row.points) for row in rows)
        for name, figure in FIGURES.items():
            value = figure(found, alone.get(where[:3], {}))
            figures[name] += [] if value is None else [value]
        for row in rows:
            if row.stream.endswith("evaluate"):
                evaluated.setdefault(int(row.stream.split("/")[1]), []).append(row.points)
        blocks = [int(row.stream.split("/")[1]) for row in rows if row.stream.endswith("evaluate")]
        last.append(float(np.mean([row.points for row in rows if row.stream.endswith(f"/{max(blocks, default=0)}/evaluate")] or [0.0])))
    learning = [row for rows in sequences.values() for row in rows if row.stream.endswith("learn")]
    return Lifelong(
        strategy, len(sequences), figures, tuple(mean_of(evaluated[number]) for number in sorted(evaluated)),
        float(np.std(last)) if len(last) > 1 else None,
        sum(row.read - row.reused + row.written for row in learning) / max(1, len(sequences)),
    )


def _number(row: Row) -> int:
    """Learning block k is followed by evaluation k: 0, then 1 and 2, then 3 and 4 ..."""
    _, number, kind = row.stream.split("/")
    return 2 * int(number) - (kind == "learn")
