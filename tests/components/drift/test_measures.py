"""The measures against their exact values on the rows that the statistics were made of."""

import functools

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from components.drift import measures
from components.statistics.distributions import Categorical, Numeric
from components.statistics.features import Feature, features
from tests.components.drift.data import feature, statistics

NUMBERS = ("fare", "trip_miles", "trip_seconds", "tips", "pickup_latitude", "trip_start_hour", "dropoff_community_area")


@functools.cache
def rows(span: int) -> pd.DataFrame:
    return pd.read_csv(f"data/taxi/csv/span-{span}/trips.csv")


@functools.cache
def taxi(span: int) -> dict[str, Feature]:
    return features(statistics(dict(rows(span))))


def numeric(values: np.ndarray) -> Numeric:
    found = feature(values).distribution
    assert isinstance(found, Numeric)
    return found


def exact_bins(x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """Counts of both in bins between the deciles of `x`: each is a value that occurs, and belongs to the bin below."""
    cuts = np.unique(np.quantile(x, np.linspace(0.1, 0.9, 9), method="inverted_cdf"))
    return [np.bincount(np.searchsorted(cuts, each), minlength=len(cuts) + 1).astype(float) for each in (x, y)]


@pytest.mark.parametrize("column", NUMBERS)
@pytest.mark.parametrize("spans", [(1, 2), (1, 3), (2, 3)], ids=str)
def test_measures_of_numbers_are_close_to_the_exact_ones(column: str, spans: tuple[int, int]) -> None:
    before, after = (taxi(span)[column].distribution for span in spans)
    assert isinstance(before, Numeric)
    assert isinstance(after, Numeric)
    x, y = (rows(span)[column].dropna().to_numpy() for span in spans)
    exact = scipy.stats.wasserstein_distance(x, y) / x.std()
    assert measures.kolmogorov_smirnov(before, after) == pytest.approx(scipy.stats.ks_2samp(x, y).statistic, abs=0.015)
    assert measures.wasserstein(before, after) == pytest.approx(exact, abs=0.015)
    p, q = exact_bins(x, y)
    found = measures.of_numbers(before, after)
    assert found["psi"].value == pytest.approx(measures.psi(p / p.sum(), q / q.sum()), abs=0.02)
    assert found["hellinger"].value == pytest.approx(measures.hellinger(p / p.sum(), q / q.sum()), abs=0.02)
    assert found["cramers_v"].value == pytest.approx(measures.chi_square(p, q)[0], abs=0.02)


@pytest.mark.parametrize("spans", [(1, 2), (2, 3)], ids=str)
def test_measures_of_categories_are_exact(spans: tuple[int, int]) -> None:
    before, after = (taxi(span)["payment_type"].distribution for span in spans)
    assert isinstance(before, Categorical)
    assert isinstance(after, Categorical)
    p, q = measures.matched(before, after)
    counts = pd.DataFrame({span: rows(span)["payment_type"].value_counts() for span in spans}).fillna(0)
    shares = counts / counts.sum()
    exact = np.sqrt(((np.sqrt(shares[spans[0]]) - np.sqrt(shares[spans[1]])) ** 2).sum() / 2)
    assert measures.hellinger(p / p.sum(), q / q.sum()) == pytest.approx(exact)
    assert measures.chi_square(p, q)[1] == pytest.approx(scipy.stats.chi2_contingency(counts).pvalue)


def test_the_same_is_at_no_distance() -> None:
    values = np.random.default_rng(0).normal(size=1000)
    one = numeric(values)
    p, q = measures.binned(one, one)
    assert measures.kolmogorov_smirnov(one, one) == measures.wasserstein(one, one) == 0.0
    assert measures.psi(p / p.sum(), q / q.sum()) == 0.0
    assert measures.hellinger(p / p.sum(), q / q.sum()) == pytest.approx(0.0, abs=1e-7)
    assert measures.chi_square(p, q) == pytest.approx((0.0, 1.0))


def test_what_lies_apart_is_at_the_greatest_distance() -> None:
    low, high = numeric(np.linspace(0, 1, 500)), numeric(np.linspace(10, 11, 500))
    p, q = measures.binned(low, high)
    assert measures.kolmogorov_smirnov(low, high) == 1.0
    assert measures.wasserstein(low, high) == pytest.approx(10 / np.linspace(0, 1, 500).std(), rel=0.01)
    assert measures.hellinger(p / p.sum(), q / q.sum()) > 0.8


def test_a_shift_is_measured_in_deviations() -> None:
    values = np.random.default_rng(1).normal(50, 4, size=20_000)
    assert measures.wasserstein(numeric(values), numeric(values + 2)) == pytest.approx(0.5, abs=0.01)


def test_a_constant_compares() -> None:
    one, other = numeric(np.full(100, 3.0)), numeric(np.full(50, 5.0))
    assert measures.kolmogorov_smirnov(one, other) == 1.0
    assert measures.wasserstein(one, one) == 0.0


def test_ten_bins_hold_a_tenth_each() -> None:
    one = numeric(np.random.default_rng(2).gamma(2, size=5000))
    p, _ = measures.binned(one, one)
    assert p == pytest.approx([500] * 10, abs=15)


def test_a_distribution_answers_by_share_and_by_value() -> None:
    found = Numeric(np.array([0.0, 1.0, 1.0]), np.array([1.0, 1.0, 3.0]), np.array([10.0, 20.0, 10.0]), 1.0)
    at = np.array([-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0])
    assert found.upto(at) == pytest.approx([0, 0, 0.125, 0.75, 0.875, 1, 1])
    assert found.below(at) == pytest.approx([0, 0, 0.125, 0.25, 0.875, 1, 1])
    assert found.quantiles(np.array([0.125, 0.5, 0.875])) == pytest.approx([0.5, 1.0, 2.0])
