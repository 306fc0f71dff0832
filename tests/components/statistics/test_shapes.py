"""What a chart shows."""

import numpy as np
import pytest

from components.statistics import shapes
from tests.components.drift.data import feature


def bars(values: np.ndarray) -> shapes.Bars:
    side = feature(values).distribution
    found = shapes.shape(side, side).bars
    assert found is not None
    return found


def test_the_ends_of_what_is_spread_evenly_are_no_taller() -> None:
    found = bars(np.random.default_rng(0).uniform(10, 20, size=20_000))
    assert max(found.current) < 1.2 * min(found.current)
    assert (found.edges[0], found.edges[-1]) == (pytest.approx(10, abs=0.01), pytest.approx(20, abs=0.01))
    assert len(found.edges) == len(found.current) + 1
    assert not found.names


def test_a_long_tail_does_not_flatten_the_rest() -> None:
    found = bars(np.append(np.random.default_rng(0).uniform(0, 1, size=5000), 1e6))
    assert max(found.current) < 0.1
    assert found.edges[-1] < 2
