"""What a memory gives in streams: AgentCL's three gains, and Evo-Memory's measures over a stream.

AgentCL (arXiv 2606.02461) plays a stream twice: first learning while playing, then with the memory
frozen. Its abstract names the gains, not their formulas. So these are ours, over the tasks that the
compositional and the naive stream share (the targets), and ``none`` is the baseline:

- plasticity: the first pass less what the baseline has in the same place;
- stability: the second pass less the first;
- generalisation: held-out places with the memory frozen, less what the baseline has there.

Evo-Memory (arXiv 2511.20857) measures success, progress, steps and robustness to the order of
tasks. Success is here the share of trials at 100 points, progress their mean points, robustness the
standard deviation of progress over orders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clin.analysis.report import Row
from clin.analysis.statistics import Difference, Mean, difference, mean_of
from clin.experiments.sequence import ALONE, COMPOSITIONAL, NAIVE

BASELINE = "none"
Where = tuple[str, str, int, str]
"""World, model, seed and order of a stream."""
Place = tuple[str, int]
Points = dict[Place, float]


def composed(row: Row) -> bool:
    """Whether a trial is of a stream with targets."""
    return row.stream.startswith((f"{COMPOSITIONAL} ", f"{NAIVE} "))


@dataclass(frozen=True)
class Passes:
    """The mean points of one stream by place: while learning, of the same places again with the
    memory frozen, and of places that were not learned."""

    first: Points
    again: Points
    held: Points


@dataclass(frozen=True)
class Gains:
    """One strategy in one kind of stream, paired over streams; None where there is nothing to
    compare. ``harmed`` counts the targets whose first pass was below the baseline's, of so many
    that were ``compared``."""

    strategy: str
    kind: str
    first: Mean
    plasticity: Difference | None
    stability: Difference | None
    generalisation: Difference | None
    harmed: int
    compared: int


def gains(table: Sequence[Row]) -> list[Gains]:
    """Each strategy in each kind of stream with targets; empty where none was played."""
    by_arm: dict[tuple[str, str], dict[Where, list[Row]]] = {}
    for row in filter(composed, table):
        order = row.stream.split("/")[0]
        arm = by_arm.setdefault((row.strategy, order.split(" ")[0]), {})
        arm.setdefault((row.world, row.model, row.seed, order), []).append(row)
    passes = {
        arm: {where: _passes(rows) for where, rows in streams.items()}
        for arm, streams in by_arm.items()
    }
    return [
        _gains(strategy, kind, mine, passes.get((BASELINE, kind), {}))
        for (strategy, kind), mine in passes.items()
    ]


def _passes(rows: Sequence[Row]) -> Passes:
    learned, frozen = _by_place(rows, "/learn"), _by_place(rows, "/evaluate")
    targets = learned.keys() & frozen.keys()
    return Passes(
        {place: learned[place] for place in sorted(targets)},
        {place: frozen[place] for place in sorted(targets)},
        {place: frozen[place] for place in sorted(frozen.keys() - targets)},
    )


def _by_place(rows: Sequence[Row], kind: str) -> Points:
    found: dict[Place, list[float]] = {}
    for row in rows:
        if row.stream.endswith(kind):
            found.setdefault((row.task, row.variation), []).append(row.points)
    return {place: float(np.mean(points)) for place, points in found.items()}


def _gains(
    strategy: str, kind: str, mine: Mapping[Where, Passes], baseline: Mapping[Where, Passes]
) -> Gains:
    both = [(mine[where], baseline[where]) for where in mine if where in baseline]
    pairs = [
        (own.first[place], base.first[place])
        for own, base in both
        for place in own.first.keys() & base.first.keys()
    ]
    whole = [each for each in mine.values() if each.first]
    return Gains(
        strategy,
        kind,
        mean_of([_mean(each.first) for each in whole] or [0.0]),
        _paired([(own.first, base.first) for own, base in both]),
        _paired([(own.again, own.first) for own in mine.values()]),
        _paired([(own.held, base.held) for own, base in both]),
        sum(one < other for one, other in pairs),
        len(pairs),
    )


def _paired(pairs: Sequence[tuple[Points, Points]]) -> Difference | None:
    """The means of two passes over the places that both have, stream by stream."""
    shared = [(one, other, one.keys() & other.keys()) for one, other in pairs]
    known = [each for each in shared if each[2]]
    if not known:
        return None
    return difference(
        [_mean({place: one[place] for place in places}) for one, _, places in known],
        [_mean({place: other[place] for place in places}) for _, other, places in known],
    )


def _mean(points: Mapping[Place, float]) -> float:
    return float(np.mean(list(points.values())))


@dataclass(frozen=True)
class Streamed:
    """One strategy over its sequences while it learned. Means are over sequences; ``less`` is its
    progress less the baseline's in the same sequence; ``spread`` is None for a single order."""

    strategy: str
    trials: int
    success: Mean
    progress: Mean
    steps: Mean
    spread: float | None
    less: Difference | None


def streamed(table: Sequence[Row]) -> list[Streamed]:
    """Each strategy that learned in sequences, without those with targets and those of one task."""
    by_strategy: dict[str, dict[Where, list[Row]]] = {}
    for row in table:
        if not row.stream.endswith("/learn") or composed(row) or row.stream.startswith(ALONE):
            continue
        where = (row.world, row.model, row.seed, row.stream.split("/")[0])
        by_strategy.setdefault(row.strategy, {}).setdefault(where, []).append(row)
    baseline = by_strategy.get(BASELINE, {})
    return [_streamed(strategy, mine, baseline) for strategy, mine in by_strategy.items()]


def _streamed(
    strategy: str, mine: Mapping[Where, list[Row]], baseline: Mapping[Where, list[Row]]
) -> Streamed:
    def over(figure: Callable[[Row], float]) -> list[float]:
        return [float(np.mean(list(map(figure, rows)))) for rows in mine.values()]

    progress = over(lambda row: row.points)
    both = [where for where in mine if where in baseline]
    less = [
        [float(np.mean([row.points for row in rows[where]])) for where in both]
        for rows in (mine, baseline)
    ]
    return Streamed(
        strategy,
        sum(map(len, mine.values())),
        mean_of(over(lambda row: 100.0 * (row.points >= 100))),
        mean_of(progress),
        mean_of(over(lambda row: row.steps)),
        _over_orders(mine),
        difference(*less) if both else None,
    )


def _over_orders(mine: Mapping[Where, list[Row]]) -> float | None:
    """The standard deviation of progress over the orders of one world, model and seed; of several
    the mean."""
    by_place: dict[tuple[str, str, int], list[float]] = {}
    for where, rows in mine.items():
        by_place.setdefault(where[:3], []).append(float(np.mean([row.points for row in rows])))
    spreads = [float(np.std(each)) for each in by_place.values() if len(each) > 1]
    return float(np.mean(spreads)) if spreads else None
