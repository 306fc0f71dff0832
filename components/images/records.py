"""Images in tf.Examples: `NAME/encoded`, and what stands beside it under the keys that the field agrees on."""

from collections.abc import Mapping

from tensorflow.core.example import example_pb2, feature_pb2

from components.errors import InputError


def prefix(column: str) -> str:
    """What the names of a column's properties begin with: "image" for "image/encoded"."""
    return column.rpartition("/")[0] or column


def filename(features: Mapping[str, feature_pb2.Feature], column: str) -> str:
    """The image's own name, where the record has it; else nothing."""
    key = f"{prefix(column)}/filename"
    names = features[key].bytes_list.value if key in features else ()
    return names[0].decode("utf-8", "backslashreplace") if names else ""


def image_of(record: bytes, column: str) -> tuple[bytes, str]:
    """The encoded image of a serialised tf.Example, and its name.

    Raises:
        InputError: it has none.
    """
    features = example_pb2.Example.FromString(record).features.feature
    if column not in features or not features[column].bytes_list.value:
        raise InputError(f"expected an image in {column!r} of every example, but one has only {', '.join(features)}")
    return features[column].bytes_list.value[0], filename(features, column)
