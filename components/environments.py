"""The two environments of a schema: what training sees, and what serving sees, which has no labels."""

from typing import Optional

from tensorflow_metadata.proto.v0 import schema_pb2

TRAINING, SERVING = "TRAINING", "SERVING"


def declared(schema: schema_pb2.Schema, environment: str) -> Optional[str]:
    """`environment` where the schema knows it; None, which TFDV takes for all of them, where it does not."""
    return environment if environment in schema.default_environment else None
