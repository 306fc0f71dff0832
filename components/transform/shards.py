"""A file of examples transformed in one go: read, decoded, transformed, encoded and written block by block."""

import dataclasses
from typing import Any, Optional

import apache_beam as beam
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform import impl_helper
from tensorflow_transform.saved.saved_transform_io_v2 import SavedModelLoader
from tensorflow_transform.tf_metadata.dataset_metadata import DatasetMetadata
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder
from tfx_bsl.tfxio.tensor_adapter import TensorAdapter, TensorAdapterConfig

from components.tfrecords.blocks import blocks
from components.tfrecords.decoder import Decoder
from components.tfrecords.shards import Shard


@dataclasses.dataclass(frozen=True)
class Job:
    """Transform the records of a file into those of another, which appears when it is complete."""

    source: str
    target: str
    temporary: str
    """A folder for what is not complete."""


class TransformShard(beam.DoFn):
    """Does jobs with the graph in a folder, whose outputs have the schema in `metadata`."""

    def __init__(self, inputs: TensorAdapterConfig, schema: schema_pb2.Schema) -> None:
        """Args:
        inputs: the tensors that the graph takes.
        schema: of the examples, be it of more columns than make tensors.
        """
        self._inputs = inputs
        names = frozenset(inputs.arrow_schema.names)
        used = schema_pb2.Schema(feature=[each for each in schema.feature if each.name in names])
        self._schema = used.SerializeToString()
        self._graph: Optional[_Graph] = None

    def process(self, job: Job, folder: str, metadata: DatasetMetadata) -> list[Any]:
        """See Beam."""
        if self._graph is None:
            schema = schema_pb2.Schema.FromString(self._schema)
            self._graph = _Graph(self._inputs, schema, folder, metadata.schema)
        shard = Shard(job.target, job.temporary)
        for block in blocks([job.source]):
            shard.write(self._graph(block))
        shard.commit()
        return []


class _Graph:
    """Serialised tf.Examples → transformed ones."""

    def __init__(
        self, inputs: TensorAdapterConfig, schema: schema_pb2.Schema, folder: str, outputs: schema_pb2.Schema
    ) -> None:
        self._decoder = Decoder(schema)
        self._adapter = TensorAdapter(inputs)
        self._model = SavedModelLoader(folder)
        self._model.finalize(self._adapter.TypeSpecs().keys(), self._model.structured_outputs.keys())
        self._converter = impl_helper.make_tensor_to_arrow_converter(outputs)
        self._encoder = RecordBatchToExamplesEncoder(outputs)

    def __call__(self, block: list[bytes]) -> list[bytes]:
        tensors: Any = self._adapter.ToBatchTensors(self._decoder.decode(block), produce_eager_tensors=True)
        return self._encoder.encode(self._converter.convert(self._model.apply_transform_model(tensors)))
