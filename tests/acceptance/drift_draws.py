"""Random halves of real rows, one of which has drifted by as much as is wanted."""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.drift.compare import compare, compare_sliced
from components.drift.rules import LEAST_ROWS
from components.drift.state import State
from components.statistics import direct

OPTIONS = tfdv.StatsOptions(num_quantiles_histogram_buckets=100)
LABEL = "big_tipper"
NUMBERS = ("fare", "trip_miles", "trip_seconds", "tips")
SLICES = 20
CATEGORIES = ("payment_type", "company")

Inject = Callable[[pd.Series, float, np.random.Generator], pd.Series]


def _some(values: pd.Series, share: float, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    return rng.random(len(values)) < share


def shift(values: pd.Series, deviations: float, rng: np.random.Generator) -> pd.Series:
    """All values moved by that many standard deviations."""
    del rng
    return values + deviations * values.std()


def scale(values: pd.Series, factor: float, rng: np.random.Generator) -> pd.Series:
    """All values times a factor."""
    del rng
    return values * factor


def swap(values: pd.Series, share: float, rng: np.random.Generator) -> pd.Series:
    """A share of the rows with the most frequent category gets the second most frequent one."""
    first, second = values.value_counts().index[:2]
    return values.mask((values == first) & _some(values, share, rng), second)


def missing(values: pd.Series, share: float, rng: np.random.Generator) -> pd.Series:
    """A share of the rows loses its value."""
    return values.mask(_some(values, share, rng))


def new_category(values: pd.Series, share: float, rng: np.random.Generator) -> pd.Series:
    """A share of the rows gets a category that was not there before."""
    return values.mask(_some(values, share, rng), "never seen")


def flip(values: pd.Series, share: float, rng: np.random.Generator) -> pd.Series:
    """A share of the labels, of 0 and 1, becomes the other one."""
    return values.mask(_some(values, share, rng), 1 - values)


@dataclasses.dataclass(frozen=True)
class Drift:
    """A kind of drift at three strengths: weak, middle, strong.

    Attributes:
        columns: that it can befall, one in each draw; no two kinds meet in one.
    """

    name: str
    inject: Inject
    columns: Sequence[str]
    strengths: tuple[float, float, float]
    unit: str


DRIFTS = (
    Drift("shift", shift, NUMBERS, (0.02, 0.1, 0.5), "standard deviations"),
    Drift("scale", scale, NUMBERS[1:] + NUMBERS[:1], (1.1, 1.5, 2.0), "times"),
    Drift("missing surge", missing, NUMBERS[2:] + NUMBERS[:2], (0.01, 0.05, 0.2), "of the rows"),
    Drift("category swap", swap, CATEGORIES, (0.05, 0.2, 0.5), "of the most frequent category"),
    Drift("new category", new_category, CATEGORIES[::-1], (0.003, 0.02, 0.1), "of the rows"),
    Drift("label flip", flip, (LABEL,), (0.05, 0.15, 0.3), "of the labels"),
)


@functools.cache
def trips() -> pd.DataFrame:
    """The taxi trips of all spans, with the label of the shipped config."""
    found = pd.concat([pd.read_csv(f"data/taxi/csv/span-{span}/trips.csv") for span in (1, 2, 3)])
    found[LABEL] = (found["tips"] > 0.2 * found["fare"]).astype(int)
    return found


def halves(seed: int) -> list[pd.DataFrame]:
    """The rows cut in two at random."""
    rows = trips()
    order = np.random.default_rng(seed).permutation(len(rows))
    return [rows.iloc[part] for part in np.array_split(order, 2)]


def statistics(columns: Mapping[str, pd.Series]) -> statistics_pb2.DatasetFeatureStatistics:
    """As a run would make them of these columns."""
    batch = pa.RecordBatch.from_arrays([_lists(each) for each in columns.values()], list(columns))
    return direct.statistics([batch], OPTIONS).datasets[0]


def _lists(values: pd.Series) -> pa.ListArray:
    there = values.notna().to_numpy()
    kept = values[there]
    # An empty column has no type of its own; whole numbers with gaps are whole numbers in a CSV file.
    whole = kept.dtype != object and (kept == kept.round()).all()
    cells = pa.array([str(each).encode() for each in kept]) if kept.dtype == object else None
    numbers = kept.astype(np.int64 if whole else np.float32) if cells is None else kept
    ends = np.concatenate([[0], np.cumsum(there)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), cells if cells is not None else pa.array(numbers))


def with_columns(
    found: statistics_pb2.DatasetFeatureStatistics, columns: Mapping[str, pd.Series]
) -> statistics_pb2.DatasetFeatureStatistics:
    """`found` with other values of some columns."""
    changed = {feature.path.step[0]: feature for feature in statistics(columns).features}
    other = statistics_pb2.DatasetFeatureStatistics()
    other.CopyFrom(found)
    for feature in other.features:
        if feature.path.step[0] in changed:
            feature.CopyFrom(changed[feature.path.step[0]])
    return other


def drifted(
    baseline: statistics_pb2.DatasetFeatureStatistics, current: statistics_pb2.DatasetFeatureStatistics
) -> list[str]:
    """The features that drifted at default thresholds."""
    return [each.name for each in compare(baseline, current, None, "drift", {}) if each.state is State.DRIFT]


def alarms(seed: int) -> list[str]:
    """What a report on halves that have not drifted calls drift."""
    return drifted(*[statistics(dict(half.items())) for half in halves(seed)])


def alarms_in_slices(seed: int) -> list[str]:
    """What a report on halves that have not drifted calls drift, with slices of few rows each."""
    starts = range(0, SLICES * LEAST_ROWS, LEAST_ROWS)
    whole, *parts = [
        [statistics(dict(side.iloc[rows].items())) for side in halves(seed)]
        for rows in (slice(None), *(slice(start, start + LEAST_ROWS) for start in starts))
    ]
    slices = {f"part_{number}": (before, after) for number, (before, after) in enumerate(parts)}
    results, within = compare_sliced((whole[0], whole[1]), slices, None, "drift", {})
    return [each.name for part in (results, *within.values()) for each in part if each.state is State.DRIFT]


def catches(seed: int, draws: int) -> list[tuple[str, int, str, bool]]:
    """Which drifts are caught in one cut of the rows: kind, which strength, column, whether it is among what drifted.

    In a report all kinds are there at the same strength, each in a column of its own.

    Args:
        draws: how often each strength is tried, each time in the next of the kind's columns.
    """
    first, second = halves(seed)
    baseline, current = statistics(dict(first.items())), statistics(dict(second.items()))
    found = []
    for draw in range(draws):
        rng = np.random.default_rng([seed, draw])
        places = {drift: drift.columns[(seed * draws + draw) % len(drift.columns)] for drift in DRIFTS}
        for strength in range(3):
            moved = {
                column: drift.inject(second[column], drift.strengths[strength], rng) for drift, column in places.items()
            }
            caught = drifted(baseline, with_columns(current, moved))
            found += [(drift.name, strength, column, column in caught) for drift, column in places.items()]
    return found
