"""Figures with their uncertainty: bootstrap intervals, paired differences, the sign test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

RESAMPLES = 10_000
FEW = 6
"""Pairs below which an interval means nothing: that so few all lie on one side of zero is chance
more often than in 5 % of cases (2 / 2**5 is 6 %, 2 / 2**6 is 3 %)."""


@dataclass(frozen=True)
class Mean:
    """A mean with its percentile bootstrap interval (95 %) and the number of values."""

    n: int
    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        if self.n == 1:
            return f"{self.mean:.1f} (n=1)"
        return f"{self.mean:.1f} ({self.low:.1f} to {self.high:.1f}; n={self.n})"


def mean_of(values: Sequence[float], *, seed: int = 0) -> Mean:
    """The mean of ``values``; ValueError for none. One value has no width: its interval says so by
    being a point."""
    if not values:
        raise ValueError("a mean of no values")
    if len(values) == 1:
        return Mean(1, float(values[0]), float(values[0]), float(values[0]))
    data = np.asarray(values, dtype=float)
    drawn = np.random.default_rng(seed).integers(0, len(data), (RESAMPLES, len(data)))
    low, high = np.quantile(data[drawn].mean(axis=1), [0.025, 0.975])
    mean = float(data.mean())
    return Mean(len(data), mean, min(float(low), mean), max(float(high), mean))


@dataclass(frozen=True)
class Share:
    """How many of ``n`` succeeded, and Wilson's 95 % interval of the probability."""

    hits: int
    n: int
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.hits}/{self.n} ({self.low:.0%} to {self.high:.0%})"


def share_of(hits: int, n: int) -> Share:
    """The share; ValueError for none of nothing."""
    if not 0 <= hits <= n or not n:
        raise ValueError(f"{hits} of {n} is no share")
    z = 1.959964
    middle, half = hits + z * z / 2, z * (hits * (n - hits) / n + z * z / 4) ** 0.5
    low, high = (middle - half) / (n + z * z), (middle + half) / (n + z * z)
    return Share(hits, n, max(0.0, min(low, hits / n)), min(1.0, max(high, hits / n)))


@dataclass(frozen=True)
class Difference:
    """A paired difference: its mean, in how many pairs it is above and below zero, and the
    two-sided sign test's p."""

    mean: Mean
    above: int
    below: int
    p: float

    @property
    def surely_below(self) -> bool | None:
        """Whether the whole interval is below zero; None for so ``FEW`` pairs that it cannot be
        said."""
        return None if self.mean.n < FEW else self.mean.high < 0


def difference(one: Sequence[float], other: Sequence[float]) -> Difference:
    """``one`` minus ``other``, pair by pair; ValueError where they are not pairs."""
    if len(one) != len(other):
        raise ValueError(f"{len(one)} values against {len(other)} are no pairs")
    deltas = [a - b for a, b in zip(one, other, strict=True)]
    above, below = sum(delta > 0 for delta in deltas), sum(delta < 0 for delta in deltas)
    return Difference(mean_of(deltas), above, below, sign_test(above, below))


def sign_test(above: int, below: int) -> float:
    """The two-sided probability of so uneven a split, or a more uneven one, when both are as
    likely; ties left out."""
    n = above + below
    if not n:
        return 1.0
    tail: float = sum(comb(n, k) for k in range(min(above, below) + 1)) / 2**n
    return min(1.0, 2 * tail)
