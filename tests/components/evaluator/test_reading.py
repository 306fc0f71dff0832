"""What is read of examples."""

from __future__ import annotations

from typing import Any

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.testing.util import assert_that, equal_to
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components import examples
from components.evaluator.reading import cut, source
from tests import tiny_model

ROWS = [{"x": 1.5, "kind": "a"}, {"x": 2.5, "kind": "b"}]


def test_a_batch_is_cut_where_it_is_large() -> None:
    batch = pa.RecordBatch.from_pydict({"record": pa.array([b"1" * 100] * 10, pa.large_binary())})
    assert [part.num_rows for part in cut(batch, size=500)] == [4, 4, 2]
    assert [part.num_rows for part in cut(batch, size=5)] == [1] * 10
    assert [part.num_rows for part in cut(batch)] == [10]


@pytest.mark.parametrize(
    ("schema", "columns"),
    [('feature { name: "x" type: FLOAT }', {"x": [[1.5], [2.5]]}), ("", {})],
    ids=["a column", "no column"],
)
def test_the_records_come_with_the_columns_of_the_schema(tmp_path: Any, schema: str, columns: dict[str, Any]) -> None:
    tiny_model.write_split(str(tmp_path), "eval", ROWS)
    file = f"{tmp_path}/Split-eval/data_tfrecord-00000-of-00001.gz"
    expected = {**columns, "__raw_record__": [[record] for record in examples.records([file])]}
    with beam.Pipeline() as pipeline:
        found = pipeline | source([file], text_format.Parse(schema, schema_pb2.Schema())).BeamSource()
        assert_that(found | beam.Map(lambda batch: batch.to_pydict()), equal_to([expected]))
