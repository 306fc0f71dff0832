"""The histogram of equal widths against TFDV's own."""

import numpy as np
import pytest
from tensorflow_data_validation.utils import quantiles_util

from components.statistics import equal_widths

RNG = np.random.default_rng(0)
VALUES = {
    "normal": RNG.normal(size=5000),
    "skewed": np.exp(RNG.normal(0, 3, size=5000)),
    "mostly-zero": np.where(RNG.random(5000) < 0.7, 0.0, RNG.gamma(2, size=5000)),
    "whole": RNG.integers(0, 11, size=5000).astype(float),
    "few": np.array([1.0, 2.0, 7.0]),
    "constant": np.full(50, 3.0),
    "infinite": np.concatenate([[-np.inf] * 9, RNG.normal(size=500), [np.inf] * 7]),
    "nearly-infinite": np.array([*[-np.inf] * 400, 5.0]),
    "only-infinite": np.array([-np.inf, np.inf]),
    "too-wide": np.array([-1e308, 0.0, 1e308]),
}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("steps", [50, 10_000])
def test_it_is_what_tfdv_makes(name: str, steps: int) -> None:
    values = np.sort(VALUES[name])
    at = np.linspace(0, 1, steps + 1)
    quantiles = np.quantile(values, at, method="inverted_cdf")
    counts = np.searchsorted(values, quantiles, side="right").astype(float)
    finite = values[np.isfinite(values)]
    ends = (finite.min(), finite.max()) if len(finite) else (values[0], values[-1])
    arguments = (quantiles, counts, *ends, 10, float((values == np.inf).sum()))
    found, expected = equal_widths.histogram(*arguments), quantiles_util.generate_equi_width_histogram(*arguments)
    assert found.type == expected.type
    for field in ("low_value", "high_value", "sample_count"):
        ours, theirs = ([getattr(each, field) for each in one.buckets] for one in (found, expected))
        assert ours == pytest.approx(theirs), field
