"""Transform against TFX's own, on the same examples with the same function."""

from __future__ import annotations

import pathlib
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
import tensorflow_transform as tft
from tfx.components.transform import executor as stock
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.proto import transform_pb2
from tfx.types import Channel, standard_artifacts
from tfx.types.artifact import Artifact

import pipeline.config as c
from components.statistics import counting, direct
from components.tfrecords.blocks import records
from components.transform import executor
from components.transform.component import Transform
from pipeline.config import Config
from pipeline.configs import digits
from pipeline.dependencies import PREPROCESSING_FN
from pipeline.nodes.settings import transform_settings
from tests.benchmarks import taxi_template
from tests.components.example_gen import ingestion

ROOT = pathlib.Path(__file__).parents[3]
ROWS = 400
SPLITS = ("train", "eval")


class Made(NamedTuple):
    """What a Transform wrote."""

    graph: str
    examples: list[standard_artifacts.Examples]


def taxi_examples(folder: pathlib.Path) -> list[Artifact]:
    """Of two spans."""
    found = []
    for span in (1, 2):
        lines = (ROOT / f"data/taxi/csv/span-{span}/trips.csv").read_text().splitlines(keepends=True)
        path = folder / f"{span}.csv"
        path.write_text("".join(lines[: ROWS + 1]))
        found.append(ingestion.through_beam(folder / str(span), str(path), range_bytes=16 << 10).examples)
    return found


def digits_examples(folder: pathlib.Path) -> list[Artifact]:
    """Pictures."""
    path = str(ROOT / "data/digits/span-1/*.gz")
    return [ingestion.through_beam(folder, path, "tfrecord", images=["image/encoded"]).examples]


def schema_of(folder: pathlib.Path, examples: list[Artifact]) -> standard_artifacts.Schema:
    """Inferred."""
    schema = standard_artifacts.Schema()
    schema.uri = str(folder / "schema")
    paths = [str(path) for each in examples for path in pathlib.Path(each.uri, "Split-train").iterdir()]
    found = direct.statistics(counting.record_batches(paths, ()), tfdv.StatsOptions())
    pathlib.Path(schema.uri).mkdir()
    tfdv.write_schema_text(tfdv.infer_schema(found, infer_feature_shape=False), f"{schema.uri}/schema.pbtxt")
    return schema


def transformed(runner: Any, folder: pathlib.Path, examples: list[Artifact], schema: Artifact, config: Config) -> Made:
    """What an executor makes of examples."""
    graph, out = standard_artifacts.TransformGraph(), [standard_artifacts.Examples() for _ in examples]
    graph.uri = str(folder / "graph")
    for number, each in enumerate(out):
        each.uri = str(folder / f"transformed-{number}")
    node = Transform(
        Channel(type=standard_artifacts.Examples),
        Channel(type=standard_artifacts.Schema),
        PREPROCESSING_FN,
        {"settings": transform_settings(config).model_dump_json()},
        transform_pb2.SplitsConfig(analyze=["train"], transform=SPLITS),
    )
    runner(BaseBeamExecutor.Context()).Do(
        {"examples": examples, "schema": [schema]},
        {"transform_graph": [graph], "transformed_examples": out},
        dict(node.exec_properties),
    )
    return Made(graph.uri, out)


def rows(path: pathlib.Path) -> Counter:
    """The records in a folder; floats as they are, to their last bit."""
    parsed = (tf.train.Example.FromString(each) for each in records(sorted(map(str, path.iterdir()))))
    return Counter(each.SerializeToString(deterministic=True) for each in parsed)


@pytest.mark.parametrize(
    ("config", "make"),
    [(taxi_template.get_config(), taxi_examples), (digits.get_config(), digits_examples)],
    ids=["taxi", "digits"],
)
def test_graph_and_examples_are_those_of_tfx(tmp_path: pathlib.Path, config: c.Config, make: Any) -> None:
    examples = make(tmp_path)
    schema = schema_of(tmp_path, examples)
    mine = transformed(executor.Executor, tmp_path / "mine", examples, schema, config)
    theirs = transformed(stock.Executor, tmp_path / "theirs", examples, schema, config)

    for source, ours, tfxs in zip(examples, mine.examples, theirs.examples, strict=True):
        assert ours.split_names == tfxs.split_names
        for split in SPLITS:
            folder = pathlib.Path(ours.uri, f"Split-{split}")
            found = rows(folder)
            assert found.total() > 50
            assert found == rows(pathlib.Path(tfxs.uri, f"Split-{split}"))
            read = len(list(pathlib.Path(source.uri, f"Split-{split}").iterdir()))
            assert sorted(path.name for path in folder.iterdir()) == [
                f"transformed_examples-{number:05d}-of-{read:05d}.gz" for number in range(read)
            ]

    for name in ("transformed_metadata/schema.pbtxt", "metadata/schema.pbtxt"):
        assert (pathlib.Path(mine.graph) / name).read_text() == (pathlib.Path(theirs.graph) / name).read_text()
    assert files(mine.graph, "transform_fn/assets") == files(theirs.graph, "transform_fn/assets")
    assert {each.name for each in pathlib.Path(mine.graph).iterdir()} == {
        each.name for each in pathlib.Path(theirs.graph).iterdir()
    }
    assert same_outputs(mine.graph, theirs.graph, examples)


def files(graph: str, folder: str) -> dict[str, bytes]:
    """The content of a folder."""
    return {each.name: each.read_bytes() for each in (pathlib.Path(graph) / folder).iterdir()}


def same_outputs(mine: str, theirs: str, examples: list[Artifact]) -> bool:
    """Whether both graphs make the same of some raw examples."""
    made = []
    for graph in (mine, theirs):
        output = tft.TFTransformOutput(graph)
        paths = sorted(str(path) for path in pathlib.Path(examples[0].uri, "Split-test").iterdir())
        parsed = tf.io.parse_example(list(records(paths))[:20], output.raw_feature_spec())
        made.append(output.transform_features_layer()(parsed))
    assert made[0].keys() == made[1].keys()
    return all(np.array_equal(dense(made[0][name]), dense(made[1][name])) for name in made[0])


def dense(values: Any) -> Any:
    """As an array."""
    return (tf.sparse.to_dense(values) if isinstance(values, tf.SparseTensor) else values).numpy()
