"""Lifelong learning in figures, as defined in "A Domain-Agnostic Approach for Characterization of
Lifelong Learning Systems" (arXiv 2201.08278) and computed by its l2metrics package, with which
these agree (``tests/test_lifelong.py``).

A sequence of blocks is either learned from (the memory is rewritten) or evaluated (it is frozen).
All figures are of points, 0 to 100. None where the sequence does not allow a figure.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Experience:
    """One trial of a sequence: the number of its block, whether it was learned from, its task and
    its points."""

    block: int
    learning: bool
    task: str
    points: float


@dataclass(frozen=True)
class Regime:
    """The trials of one task in one block, in order; ``start`` of them came before in the
    sequence."""

    learning: bool
    task: str
    points: tuple[float, ...]
    start: int

    @property
    def terminal(self) -> float:
        """The performance at its end: the mean of the last tenth of a learning block, of all of an
        evaluation."""
        size = len(self.points)
        return float(np.mean(self.points[int(0.9 * size) if self.learning else 0 :]))


def regimes(experiences: Iterable[Experience]) -> list[Regime]:
    """The experiences of one sequence, gathered by block and task."""
    sequence: list[Regime] = []
    start = 0
    for (_, learning, task), trials in itertools.groupby(
        experiences, key=lambda trial: (trial.block, trial.learning, trial.task)
    ):
        points = tuple(trial.points for trial in trials)
        sequence.append(Regime(learning, task, points, start))
        start += len(points)
    return sequence


def maintenance(sequence: Sequence[Regime]) -> float | None:
    """Performance maintenance: how evaluations differ from the first one after the task was last
    learned; below 0 it is forgotten."""
    return _over_tasks(sequence, _maintained)


def _maintained(sequence: Sequence[Regime], task: str) -> float | None:
    """The mean difference of later evaluations from the reference before each: a reference is the
    first evaluation after a learning block."""
    tests = _where(sequence, task, learning=False)
    following = [
        [test for test in tests if test > learned]
        for learned in _where(sequence, task, learning=True)
    ]
    references = {later[0] for later in following if later}
    reference: int | None = None
    differences = []
    for test in tests:
        if test in references:
            reference = test
        elif reference is not None:
            differences.append(sequence[test].terminal - sequence[reference].terminal)
    return float(np.mean(differences)) if differences else None


def forgetting(sequence: Sequence[Regime]) -> float | None:
    """The best earlier evaluation of a task minus its last one, at least 0 by no rule (it may have
    grown)."""

    def forgotten(sequence: Sequence[Regime], task: str) -> float | None:
        tests = [sequence[test].terminal for test in _where(sequence, task, learning=False)]
        return max(tests[:-1]) - tests[-1] if len(tests) > 1 else None

    return _over_tasks(sequence, forgotten)


def transfer(sequence: Sequence[Regime], *, forward: bool) -> float | None:
    """What learning one task did to another that was evaluated just before and just after.

    It is the contrast (after - before) / (after + before), the first one of each pair of tasks,
    averaged. ``forward``: to tasks that had not been learned yet; else backward, to those that had.
    """
    tasks = list(dict.fromkeys(regime.task for regime in sequence))
    contrasts = []
    for source, target in itertools.permutations(tasks, 2):
        contrast = next(_contrasts(sequence, source, target, forward=forward), None)
        if contrast is not None:
            contrasts.append(contrast)
    return float(np.mean(contrasts)) if contrasts else None


def _contrasts(
    sequence: Sequence[Regime], source: str, target: str, *, forward: bool
) -> Iterator[float]:
    """Of ``target`` over each block of ``source`` that lies between two evaluations of it."""
    first = min(_where(sequence, target, learning=True), default=len(sequence))
    tests = _where(sequence, target, learning=False)
    for learned in _where(sequence, source, learning=True):
        if forward != (learned < first):
            continue
        for before, after in itertools.pairwise(tests):
            contrast = _contrast(sequence[before].terminal, sequence[after].terminal)
            if before < learned < after and contrast is not None:
                yield contrast


def _contrast(before: float, after: float) -> float | None:
    return (after - before) / (after + before) if after + before else None


def relative(sequence: Sequence[Regime], experts: Mapping[str, Sequence[float]]) -> float | None:
    """Performance relative to single-task experts.

    It is the points gathered while learning, over those of an agent that learned this task alone
    (its points by trial in ``experts``), over as many trials.
    """

    def against(sequence: Sequence[Regime], task: str) -> float | None:
        mine, alone = _learned(sequence, task), experts.get(task, ())
        size = min(len(mine), len(alone))
        whole = sum(alone[:size])
        return sum(mine[:size]) / whole if whole else None

    return _over_tasks(sequence, against)


def efficiency(sequence: Sequence[Regime], experts: Mapping[str, Sequence[float]]) -> float | None:
    """Sample efficiency: how high the learning curve saturates and how soon, against the expert's.

    0 for a curve that falls or stays under a fifth of the expert's.
    """

    def against(sequence: Sequence[Regime], task: str) -> float | None:
        mine, alone = _learned(sequence, task), experts.get(task, ())
        if len(mine) < 2 or not alone:
            return None
        (high, soon), (best, needed) = _saturation(mine), _saturation(alone)
        if not soon or not needed or not best:
            return None
        slope = np.polyfit(_when(sequence, task), mine, 1)[0]
        if high < 0.2 * best or slope < 0:
            return 0.0
        return high / best * needed / soon

    return _over_tasks(sequence, against)


def _saturation(points: Sequence[float]) -> tuple[float, int]:
    """The highest value of the moving average (over a fifth of the trials) and where it is first
    reached."""
    values, window = np.asarray(points, dtype=float), min(len(points) // 5, 100)
    if window >= 3:
        padded = np.r_[values[window - 1 : 0 : -1], values, values[-2 : -window - 1 : -1]]
        smooth = np.convolve(np.full(window, 1 / window), padded, mode="valid")
        values = smooth[window // 2 - 1 : -((window + 1) // 2)]
    return float(values.max()), int(values.argmax())


def _where(sequence: Sequence[Regime], task: str, *, learning: bool) -> list[int]:
    """The numbers of the regimes of ``task``."""
    wanted = (task, learning)
    return [n for n, regime in enumerate(sequence) if (regime.task, regime.learning) == wanted]


def _learned(sequence: Sequence[Regime], task: str) -> list[float]:
    """The points of the trials that ``task`` was learned from."""
    regimes = [sequence[number] for number in _where(sequence, task, learning=True)]
    return [points for regime in regimes for points in regime.points]


def _when(sequence: Sequence[Regime], task: str) -> list[int]:
    """The numbers in the whole sequence of the trials that ``task`` was learned from."""
    regimes = [sequence[number] for number in _where(sequence, task, learning=True)]
    return [regime.start + n for regime in regimes for n in range(len(regime.points))]


def _over_tasks(
    sequence: Sequence[Regime], figure: Callable[[Sequence[Regime], str], float | None]
) -> float | None:
    """The mean of a figure over the tasks that have it."""
    tasks = dict.fromkeys(regime.task for regime in sequence)
    values = [figure(sequence, task) for task in tasks]
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
