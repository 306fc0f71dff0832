"""A file that is transformed again, as where a worker died."""

from __future__ import annotations

import pathlib

import pyarrow as pa
import pytest
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.tfxio.tensor_adapter import TensorAdapterConfig

from components.tfrecords.blocks import records
from components.tfrecords.shards import Shard
from components.transform.shards import Job, TransformShard


def test_it_replaces_what_was_there_when_it_is_complete(tmp_path: pathlib.Path) -> None:
    source, target = tmp_path / "source.gz", tmp_path / "target.gz"
    given = Shard(str(source), str(tmp_path / "partial"))
    given.write([b"%d" % number for number in range(5000)])
    given.commit()
    step = TransformShard(TensorAdapterConfig(pa.schema([]), {}), schema_pb2.Schema())
    job = Job(str(source), str(target), str(tmp_path / "partial"))

    def dies(block: list[bytes]) -> list[bytes]:
        if b"4999" in block:
            raise OSError("the worker dies")
        return block

    for graph in (dies, list, list):
        step._graph = graph
        if graph is dies:
            with pytest.raises(OSError, match="dies"):
                step.process(job, "", None)
            assert not target.exists()
        else:
            step.process(job, "", None)
    assert list(records([str(target)])) == [b"%d" % number for number in range(5000)]
