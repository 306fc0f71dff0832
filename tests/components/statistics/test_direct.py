"""Statistics without TFDV's steps of Beam, against those with them."""

from __future__ import annotations

import functools
import json
import pathlib
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import json_format
from tensorflow_metadata.proto.v0 import statistics_pb2

from components import statistics_gen
from components.example_gen import example_wire
from components.example_gen.cells import Kind, Ragged
from components.statistics import counting
from components.statistics.direct import Counter
from components.tfrecords.frames import framed

ROWS, FILES = 3000, 3
OPTIONS = statistics_gen.options(10, [["kind"], ["kind", "day"]])
WHOLE = "All Examples"


def rows(seed: int) -> list[bytes]:
    """tf.Examples with numbers, and texts of which hundreds are as frequent as others."""
    rng = np.random.default_rng(seed)
    some = np.concatenate(([0], np.cumsum(rng.random(ROWS) < 0.8)))
    each = np.arange(ROWS + 1)
    columns = {
        "day": Ragged(Kind.INT, each, rng.integers(0, 3, ROWS)),
        "amount": Ragged(Kind.FLOAT, some, np.exp(rng.normal(0, 3, some[-1])).astype(np.float32)),
        "nan": Ragged(Kind.FLOAT, each, np.where(rng.random(ROWS) < 0.1, np.nan, 1).astype(np.float32)),
        "kind": Ragged(Kind.BYTES, some, pa.array([b"abc"[i : i + 1] for i in rng.integers(0, 3, some[-1])])),
        "name": Ragged(Kind.BYTES, each, pa.array([b"n%d" % number for number in rng.integers(0, 2500, ROWS)])),
    }
    return example_wire.encode(columns, ROWS)


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of files of rows."""
    folder = tmp_path_factory.mktemp("rows")
    for number in range(FILES):
        (folder / f"rows-{number}").write_bytes(framed(rows(number)))
    return f"{folder}/*"


@pytest.fixture(scope="module")
def of_tfdv(pattern: str, tmp_path_factory: pytest.TempPathFactory) -> statistics_pb2.DatasetFeatureStatisticsList:
    """TFDV's own, with Beam."""
    path = str(tmp_path_factory.mktemp("tfdv") / "stats.pb")
    with beam.Pipeline() as pipeline:
        _ = (
            pipeline
            | beam.Create(sorted(pathlib.Path("/").glob(pattern[1:])))
            | beam.FlatMap(lambda file: counting.record_batches([str(file)], ()))
            | tfdv.GenerateStatistics(OPTIONS)
            | tfdv.WriteStatisticsToBinaryFile(path)
        )
    return tfdv.load_stats_binary(path)


def exact(data: statistics_pb2.DatasetFeatureStatistics) -> dict[str, Any]:
    """All that is not taken from a sketch of quantiles, by column; numbers to twelve digits."""
    found = {}
    for feature in data.features:
        told = json_format.MessageToDict(feature)
        told.get("numStats", {}).pop("histograms", None)
        told.get("numStats", {}).pop("median", None)
        found[feature.path.step[0]] = json.loads(json.dumps(told), parse_float=lambda text: f"{float(text):.12g}")
    return found


@pytest.mark.parametrize("few_bytes", [counting.FEW_BYTES, 0], ids=["direct", "beam"])
def test_statistics_of_files_and_slices_are_those_of_tfdv(
    pattern: str,
    of_tfdv: statistics_pb2.DatasetFeatureStatisticsList,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    few_bytes: int,
) -> None:
    monkeypatch.setattr(counting, "FEW_BYTES", few_bytes)
    paths = {str(tmp_path / "some.pb"): [pattern], str(tmp_path / "none.pb"): [f"{pattern}.none"]}
    counting.write(paths, OPTIONS, (), beam.Pipeline)
    found, none = (tfdv.load_stats_binary(path) for path in paths)
    assert [(data.name, data.num_examples) for data in none.datasets] == [(WHOLE, 0)]
    mine, theirs = ({data.name: data for data in each.datasets} for each in (found, of_tfdv))
    assert set(mine) == set(theirs)
    assert len(mine) == 1 + 3 + 9
    assert mine[WHOLE].num_examples == FILES * ROWS
    for name in mine:
        assert exact(mine[name]) == exact(theirs[name]), name
    top = next(each for each in mine[WHOLE].features if each.path.step == ["name"]).string_stats
    assert len(top.rank_histogram.buckets) == 1000
    assert top.unique > 2000


def test_quantiles_are_as_good_as_those_of_tfdv(
    pattern: str, of_tfdv: statistics_pb2.DatasetFeatureStatisticsList
) -> None:
    files = sorted(map(str, pathlib.Path("/").glob(pattern[1:])))
    batches = list(counting.record_batches(files, ()))
    values = np.concatenate([batch["amount"].flatten().to_numpy() for batch in batches])
    counter = Counter(OPTIONS)
    counts = [counter.count([batch]) for batch in batches]
    found = counter.statistics(functools.reduce(counter.merge, counts))
    for each in (found, of_tfdv):
        [whole] = [data for data in each.datasets if data.name == WHOLE]
        [amount] = [feature.num_stats for feature in whole.features if feature.path.step == ["amount"]]
        [quantiles] = [one for one in amount.histograms if one.type == statistics_pb2.Histogram.QUANTILES]
        edges = [bucket.high_value for bucket in quantiles.buckets]
        ranks = np.searchsorted(np.sort(values), edges, side="right") / len(values)
        assert ranks == pytest.approx(np.linspace(0.1, 1, 10), abs=OPTIONS.epsilon)
