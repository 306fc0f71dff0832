"""Both data sets in Facets Overview, as TFDV shows them in notebooks.

TFDV's page loads Facets from two places on the network whenever it is opened; what is loaded is not ours.
"""

import html

from tensorflow_data_validation.utils import display_util
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.statistics.slices import whole

NOTE = "loads Facets from cdnjs.cloudflare.com and raw.githubusercontent.com when it is opened"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
<p>This page {note}. Without a network it stays empty: drift.html needs none.</p>
{facets}
</body>
</html>
"""


def render(
    names: tuple[str, str],
    baseline: statistics_pb2.DatasetFeatureStatisticsList,
    current: statistics_pb2.DatasetFeatureStatisticsList,
) -> str:
    """The page as text; `names` are those of the baseline and of the current data."""
    facets = display_util.get_statistics_html(_one(current), _one(baseline), names[1], names[0])
    title = html.escape(f"{names[1]} against {names[0]}")
    return _PAGE.format(title=title, note=NOTE, facets=facets)


def _one(statistics: statistics_pb2.DatasetFeatureStatisticsList) -> statistics_pb2.DatasetFeatureStatisticsList:
    """The whole data only, without a name: TFDV shows its own names only where there is none."""
    found = statistics_pb2.DatasetFeatureStatisticsList(datasets=[whole(statistics)])
    found.datasets[0].name = ""
    return found
