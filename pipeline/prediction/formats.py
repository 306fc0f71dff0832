"""What files of rows can be, and what they can become."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal

from components.errors import ConfigError, InputError

InputFormat = Literal["csv", "jsonl", "parquet", "tfrecord"]
OutputFormat = Literal["csv", "jsonl", "tfrecord"]

_SUFFIXES: dict[str, InputFormat] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".tfrecord": "tfrecord",
    ".tfrecords": "tfrecord",
}
_OUTPUTS: dict[InputFormat, tuple[OutputFormat, ...]] = {
    "csv": ("csv", "jsonl"),
    "jsonl": ("jsonl",),
    "parquet": ("jsonl",),
    "tfrecord": ("jsonl", "tfrecord"),
}
"""What each format can become; the first is the default."""


def input_format(paths: Sequence[str]) -> InputFormat:
    """The one format that the files' names tell.

    Raises:
        ConfigError: they tell none, or several.
    """
    formats = {_SUFFIXES.get(os.path.splitext(path.removesuffix(".gz"))[1].lower()) for path in paths}
    [found] = formats if len(formats) == 1 else [None]
    if found is None:
        raise ConfigError(
            f"the format of {', '.join(paths[:3])} cannot be told from the names. "
            f"Give --format, one of {', '.join(_OUTPUTS)}; files of several formats need a call each"
        )
    return found


def output_format(given: InputFormat, wanted: OutputFormat | None) -> OutputFormat:
    """What files of the format `given` become.

    Raises:
        InputError: they cannot become what is wanted.
    """
    valid = _OUTPUTS[given]
    if wanted is None:
        return valid[0]
    if wanted not in valid:
        raise InputError(
            f"{given} files cannot become {wanted}. Valid values of --output-format for them: {', '.join(valid)}"
        )
    return wanted
