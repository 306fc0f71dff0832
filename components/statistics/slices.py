"""The data sets in one file of TFDV's statistics: the whole data, and its slices where there are any."""

from collections.abc import Mapping

from tensorflow_data_validation import constants
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.errors import InputError

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
