"""What a run has left behind, in a form in which two runs can be compared."""

from __future__ import annotations

import dataclasses
import glob
import hashlib
import os
import sqlite3
from typing import Any

from pipeline.runs import RunRecord


@dataclasses.dataclass(frozen=True)
class Findings:
    """Attributes:
    records: a digest of the multiset of records, by node, output and split; several of several artifacts.
    metrics: every number of the evaluation, by slice, output and name.
    """

    records: dict[str, str]
    metrics: dict[str, float]


def look(record: RunRecord) -> Findings:
    """Look at a complete run. Imports TensorFlow."""
    return Findings(_records(record), _metrics(record))


def loads(serving: str) -> dict[str, bool]:
    """For each version in a serving directory, whether it loads and has its signature. Imports TensorFlow."""
    import tensorflow as tf

    versions = [name for name in os.listdir(serving) if name.isdigit()] if os.path.isdir(serving) else []
    return {name: "serving_default" in tf.saved_model.load(os.path.join(serving, name)).signatures for name in versions}


def under_way(root: str) -> int:
    """Executions that the metadata store believes to be NEW or RUNNING."""
    with sqlite3.connect(os.path.join(root, "metadata.sqlite")) as store:
        return int(store.execute("SELECT COUNT(*) FROM Execution WHERE last_known_state IN (1, 2)").fetchone()[0])


def _records(record: RunRecord) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for node in record.nodes:
        for key, uris in node.artifacts.items():
            for uri in uris:
                for split in sorted(glob.glob(f"{uri}/Split-*")) or [uri]:
                    shards = glob.glob(f"{split}/**/*.gz", recursive=True)
                    if shards:
                        name = f"{node.id}.{key}/{os.path.basename(split) if split != uri else ''}"
                        found.setdefault(name, []).append(_multiset(shards))
    return {name: "; ".join(sorted(contents)) for name, contents in found.items()}


def _multiset(shards: list[str]) -> str:
    import tensorflow as tf

    dataset = tf.data.TFRecordDataset(shards, compression_type="GZIP")
    examples = sorted(_canonical(record) for record in dataset.as_numpy_iterator())
    return f"{len(examples)} records, {hashlib.sha256(b'|'.join(examples)).hexdigest()}"


def _canonical(record: bytes) -> bytes:
    """The example without the order of its features, which protocol buffers leave open."""
    import tensorflow as tf

    try:
        return tf.train.Example.FromString(record).SerializeToString(deterministic=True)
    except Exception:
        return record


def _metrics(record: RunRecord) -> dict[str, float]:
    import tensorflow_model_analysis as tfma

    [evaluation] = record.node("Evaluator").artifacts["evaluation"]
    result = tfma.load_eval_result(evaluation)
    found: dict[str, float] = {}
    for slice_key, by_output in result.slicing_metrics:
        _flatten(str(slice_key), by_output, found)
    return found


def _flatten(name: str, value: Any, found: dict[str, float]) -> None:
    for key, part in value.items():
        if key == "doubleValue":
            found[name] = float(part)
        elif isinstance(part, dict):
            _flatten(f"{name}/{key}", part, found)
