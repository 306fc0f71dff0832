"""Examples artifacts as files of serialised tf.Examples."""

import dataclasses
import itertools
import os
from collections.abc import Collection, Iterator, Sequence

import tensorflow as tf
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact

from components.spans import span_of
from components.tfrecords.blocks import records


@dataclasses.dataclass(frozen=True, order=True)
class Shard:
    """A file of examples."""

    split: str
    span: int
    path: str


def shards(artifacts: Sequence[Artifact]) -> list[Shard]:
    """All files of all splits of several artifacts, in their order."""
    return [
        Shard(split, span_of(examples), path)
        for examples in artifacts
        for split in split_names(examples)
        for path in files(examples, split)
    ]


def split_names(examples: Artifact) -> list[str]:
    """The splits of an artifact, in the order of the artifact."""
    return artifact_utils.decode_split_names(examples.split_names)


def pattern(examples: Artifact, split: str) -> str:
    """Of the files of a split."""
    return os.path.join(artifact_utils.get_split_uri([examples], split), "*")


def files(examples: Artifact, split: str) -> list[str]:
    """The files of a split, sorted."""
    return sorted(tf.io.gfile.glob(pattern(examples, split)))


def chosen(path: str, numbers: Collection[int]) -> Iterator[tuple[int, bytes]]:
    """The records of a file with these numbers, from 0, in order; what follows the last of them is not looked at."""
    upto = max(numbers, default=-1) + 1
    return (each for each in enumerate(itertools.islice(records([path]), upto)) if each[0] in numbers)


def first_records(artifacts: Sequence[Artifact], count: int) -> list[bytes]:
    """Up to `count` records of the newest artifact, from its last split, which is rarely the training one."""
    if not artifacts:
        return []
    newest = artifacts[-1]
    for split in reversed(split_names(newest)):
        rows = list(itertools.islice(records(files(newest, split)), count))
        if rows:
            return rows
    return []
