"""TFDV's histogram of equally wide ranges, from arrays instead of from a message for each of its 10,000 quantiles.

TFDV takes a hundred quantiles for each one that it keeps, and walks over them in Python: with the 100 that drift needs,
nine tenths of the time that a number takes, and again in every slice. The result is the same.
"""

import itertools

import numpy as np
import numpy.typing as npt
from tensorflow_data_validation.utils import quantiles_util
from tensorflow_metadata.proto.v0 import statistics_pb2

_Floats = npt.NDArray[np.float64]


def histogram(
    quantiles: _Floats,
    cumulative_counts: _Floats,
    finite_min: float,
    finite_max: float,
    num_buckets: int,
    num_pos_inf: float,
) -> statistics_pb2.Histogram:
    """See `quantiles_util.generate_equi_width_histogram`."""
    found = statistics_pb2.Histogram(type=statistics_pb2.Histogram.STANDARD)
    if not np.isfinite(finite_min) and not np.isfinite(finite_max):
        found.buckets.add(low_value=finite_min, high_value=finite_max, sample_count=cumulative_counts[-1])
        return found
    steps, upto_steps, num_neg_inf = quantiles_util._strip_infinities(
        quantiles, cumulative_counts, finite_max, num_pos_inf
    )
    several = num_buckets if finite_min < finite_max else 1
    edges = np.linspace(finite_min, finite_max, several + 1)
    # The width overflows: TFDV gives up here, too.
    if not np.isfinite(edges).all():
        return found
    if num_neg_inf:
        found.buckets.add(low_value=-np.inf, high_value=-np.inf, sample_count=num_neg_inf)
    counts = _between(edges, steps, upto_steps.astype(np.float64))
    for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
        found.buckets.add(low_value=low, high_value=high, sample_count=count)
    if num_pos_inf:
        found.buckets.add(low_value=np.inf, high_value=np.inf, sample_count=num_pos_inf)
    return found


def _between(edges: _Floats, quantiles: _Floats, cumulative_counts: _Floats) -> _Floats:
    """How many values lie from edge to edge, where they are spread evenly between two quantiles."""
    low, high = quantiles[:-1], quantiles[1:]
    if not len(low):
        return np.zeros(len(edges) - 1)
    counts = _counts(low, high, cumulative_counts)
    whole = np.searchsorted(high, edges, side="right")
    # At most one range of the sorted ones reaches across an edge.
    across = np.minimum(whole, len(high) - 1)
    width = np.where(high > low, high - low, 1.0)[across]
    part = np.where(whole < len(high), np.clip((edges - low[across]) / width, 0.0, 1.0), 0.0) * counts[across]
    # What is equal to the least value belongs to the first range.
    whole[0], part[0] = 0, 0.0
    # Not as a difference of sums from the least value on: that loses digits where there are many values.
    return np.array([counts[first:last].sum() for first, last in itertools.pairwise(whole)]) + np.diff(part)


def _counts(low: _Floats, high: _Floats, cumulative: _Floats) -> _Floats:
    """How many values lie in each range: those that end at the same value share theirs, as TFDV does it."""
    starts = np.flatnonzero(np.append(True, high[1:] != high[:-1]))
    sizes = np.diff(np.append(starts, len(high)))
    counts = np.repeat(np.add.reduceat(np.diff(cumulative), starts) / sizes, sizes)
    others = (low != low[0]) | (high != high[0])
    first = int(others.argmax()) if others.any() else len(low)
    counts[:first] += cumulative[0] / first
    return counts
