"""Statistics of the taxi data, against those of TFX's own StatisticsGen."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import json_format
from tfx.components.statistics_gen import executor as stock
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types.standard_artifacts import Examples, ExampleStatistics

from components import statistics_gen
from components.statistics.paths import split_file
from tests.components.example_gen import ingestion

TAXI = pathlib.Path(__file__).parents[3] / "data" / "taxi" / "csv"
OF_LISTS = ("numNonMissing", "numMissing", "minNumValues", "avgNumValues", "numValuesHistogram")
"""What of a column says how many values its rows have."""


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return ingestion.through_beam(tmp_path_factory.mktemp("taxi"), f"{TAXI}/span-1/*.csv").examples


def made(executor: type[BaseBeamExecutor], examples: Examples, folder: pathlib.Path) -> dict[str, dict[str, Any]]:
    """Of each column of the training split what is not taken from a sketch of quantiles, numbers to twelve digits."""
    statistics = ExampleStatistics()
    statistics.uri = str(folder)
    options = {"stats_options_json": statistics_gen.options(10, []).to_json(), "exclude_splits": "[]", "without": "[]"}
    executor(BaseBeamExecutor.Context()).Do({"examples": [examples]}, {"statistics": [statistics]}, options)
    [data] = tfdv.load_stats_binary(split_file(str(folder), "train")).datasets
    found = {}
    for feature in data.features:
        told = json_format.MessageToDict(feature)
        for key in ("histograms", "median"):
            told.get("numStats", {}).pop(key, None)
        found[feature.path.step[0]] = json.loads(json.dumps(told), parse_float=lambda text: f"{float(text):.12g}")
    return found


def test_they_differ_only_where_a_cell_is_empty(examples: Examples, tmp_path: pathlib.Path) -> None:
    """TFX counts that as a value that is there; here it is missing, which schemas and drift are to see."""
    ours = made(statistics_gen.Executor, examples, tmp_path / "ours")
    theirs = made(stock.Executor, examples, tmp_path / "theirs")
    assert ours.keys() == theirs.keys()
    missing = {}
    for name in ours:
        if ours[name] == theirs[name]:
            continue
        kind = "numStats" if "numStats" in ours[name] else "stringStats"
        mine, other = (each[name][kind]["commonStats"] for each in (ours, theirs))
        assert "numMissing" not in other
        assert int(mine["numNonMissing"]) + int(mine["numMissing"]) == int(other["numNonMissing"])
        assert mine["minNumValues"] == "1"
        missing[name] = int(mine["numMissing"])
        for common in (mine, other):
            for key in OF_LISTS:
                common.pop(key, None)
        assert ours[name] == theirs[name]
    assert 0 < len(missing) < len(ours)
    assert all(missing.values())
