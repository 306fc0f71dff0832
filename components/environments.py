"""The two environments of a schema: what training sees, and what serving sees, which has no labels."""

from typing import Optional

from tensorflow_metadata.proto.v0 import schema_pb2

from components.errors import InputError, close_matches

TRAINING, SERVING = "TRAINING", "SERVING"


def declared(schema: schema_pb2.Schema, environment: str) -> Optional[str]:
    """`environment` where the schema knows it; None, which TFDV takes for all of them, where it does not.

    TFDV knows those only that the schema names as its default ones, whatever single features name.
    """
    return environment if environment in schema.default_environment else None


def check_environment(schema: schema_pb2.Schema, environment: Optional[str]) -> None:
    """Raises InputError where the schema does not know it."""
    if environment is not None and environment not in schema.default_environment:
        known = ", ".join(schema.default_environment) or "none"
        hint = close_matches(environment, schema.default_environment)
        raise InputError(f"the schema has no environment {environment!r}. It has: {known}.{hint}")


def absent(schema: schema_pb2.Schema, environment: str) -> set[str]:
    """The features that the schema does not expect there; none where it knows no such environment."""
    usual = environment in schema.default_environment
    return {
        feature.name
        for feature in schema.feature
        if environment in feature.not_in_environment
        or (schema.default_environment and not usual and environment not in feature.in_environment)
    }
