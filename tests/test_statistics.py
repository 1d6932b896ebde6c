"""Means, intervals, paired differences and the sign test say what they should."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clin.analysis.statistics import difference, mean_of, share_of, sign_test

points = st.lists(st.floats(-100, 100), min_size=1, max_size=20)


@settings(max_examples=30)
@given(points)
def test_an_interval_holds_its_mean_and_stays_among_the_values(values: list[float]) -> None:
    mean = mean_of(values)
    assert mean.n == len(values)
    assert min(values) - 1e-9 <= mean.low <= mean.mean <= mean.high <= max(values) + 1e-9


@settings(max_examples=30)
@given(points, st.floats(-50, 50))
def test_adding_a_constant_moves_mean_and_interval_by_it(values: list[float], by: float) -> None:
    one, other = mean_of(values), mean_of([value + by for value in values])
    assert (one.mean + by, one.low + by, one.high + by) == pytest.approx(
        (other.mean, other.low, other.high), abs=1e-6
    )


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=1, max_size=12))
def test_a_difference_changes_its_sign_with_its_sides_and_ignores_the_order_of_pairs(pairs) -> None:
    left, right = zip(*pairs, strict=True)
    one, other = difference(left, right), difference(right, left)
    turned = difference(left[::-1], right[::-1])
    assert one.mean.mean == pytest.approx(-other.mean.mean)
    assert (
        (one.above, one.below, one.p)
        == (other.below, other.above, other.p)
        == (turned.above, turned.below, turned.p)
    )


@given(st.integers(0, 40), st.integers(0, 40))
def test_the_sign_test_is_a_probability_that_falls_with_unevenness(above: int, below: int) -> None:
    p = sign_test(above, below)
    assert 0 < p <= 1 and p == sign_test(below, above)
    if above >= below:
        assert sign_test(above + 1, below) <= p or above == below


def test_the_sign_test_by_hand() -> None:
    assert sign_test(0, 0) == 1
    assert sign_test(5, 0) == pytest.approx(2 / 32)
    assert sign_test(8, 2) == pytest.approx(2 * (1 + 10 + comb(10, 2)) / 1024)


def test_the_interval_covers_the_true_mean_as_often_as_it_says() -> None:
    """Scores as they are here: half of them 100, the others spread. A percentile bootstrap covers a
    little less than 95 %."""
    random = np.random.default_rng(7)
    covered = 0
    for number in range(400):
        values = np.where(random.random(40) < 0.5, 100, random.uniform(0, 60, 40))
        mean = mean_of(values.tolist(), seed=number)
        covered += mean.low <= 65 <= mean.high
    assert 0.91 <= covered / 400 <= 0.98


def test_no_values_and_no_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        mean_of([])
    with pytest.raises(ValueError, match="no pairs"):
        difference([1.0], [])


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_lies_in_its_interval_which_mirrors(case) -> None:
    hits, n = case
    share, other = share_of(hits, n), share_of(n - hits, n)
    assert 0 <= share.low <= hits / n <= share.high <= 1
    assert (share.low, share.high) == pytest.approx((1 - other.high, 1 - other.low))


def test_wilsons_interval_by_hand() -> None:
    assert (share_of(8, 10).low, share_of(8, 10).high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
