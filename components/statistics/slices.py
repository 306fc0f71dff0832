"""The data sets in one file of TFDV's statistics: the whole data, and its slices where there are any."""

from collections.abc import Mapping

from tensorflow_data_validation import constants
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.errors import InputError
from components.statistics.features import name_of

_WHOLE = ("", constants.DEFAULT_SLICE_KEY)


def whole(found: statistics_pb2.DatasetFeatureStatisticsList) -> statistics_pb2.DatasetFeatureStatistics:
    """The statistics of all rows.

    Raises:
        InputError: there are none, or those of slices only.
    """
    if not found.datasets:
        raise InputError("no statistics in it. An empty or cut-off file? Make it again")
    named = [each for each in found.datasets if each.name in _WHOLE]
    if not named and len(found.datasets) > 1:
        raise InputError(f"statistics of {len(found.datasets)} slices, but not of all rows")
    return (named or found.datasets)[0]


def slices(
    found: statistics_pb2.DatasetFeatureStatisticsList,
) -> Mapping[str, statistics_pb2.DatasetFeatureStatistics]:
    """The statistics of the slices by TFDV's name, such as `payment_type_Cash`."""
    entire = whole(found)
    return {each.name: each for each in found.datasets if each is not entire}


def slices_by(found: statistics_pb2.DatasetFeatureStatisticsList, column: str) -> Mapping[str, str]:
    """TFDV's names of the slices by that column alone, by its values.

    A name says not where the column ends: `a_b_c` is of the value `b_c` of a, or of c of a_b. So the column must hold
    the value in all rows of the slice, and where several might, it is that of the longest name.
    """
    owned = {name: _column(name, data, column) for name, data in slices(found).items()}
    return {name.removeprefix(f"{column}_"): name for name, owner in owned.items() if owner == column}


def _column(name: str, data: statistics_pb2.DatasetFeatureStatistics, wanted: str) -> str:
    """The column that a slice is by; the one that is wanted need not be among those that were counted."""
    features = {name_of(feature): feature for feature in data.features}
    columns = [
        column
        for column in {wanted, *features}
        if name.startswith(f"{column}_")
        and (column not in features or _all_have(features[column], name.removeprefix(f"{column}_"), data.num_examples))
    ]
    return max(columns, key=len, default="")


def _all_have(feature: statistics_pb2.FeatureNameStatistics, value: str, rows: float) -> bool:
    """Whether the value may be in each of the rows."""
    if feature.HasField("num_stats"):
        whole_number = value.removeprefix("-").isdigit()
        return whole_number and feature.num_stats.min <= int(value) <= feature.num_stats.max
    top = feature.string_stats.top_values
    return not top or any(each.value == value and each.frequency >= rows for each in top)
