from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from components.errors import InputError
from pipeline.ml.datasets import Memory, Reading, Source, Stream, chunks, files_of, joined

SPEC = {"x": tf.io.FixedLenFeature([], tf.int64)}
ROWS = 10


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[str]:
    """Ten rows in two GZIP files."""
    folder = tmp_path_factory.mktemp("rows")
    for part in range(2):
        with tf.io.TFRecordWriter(str(folder / f"{part}.gz"), "GZIP") as writer:
            for x in range(part * 5, part * 5 + 5):
                feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[x]))
                writer.write(tf.train.Example(features=tf.train.Features(feature={"x": feature})).SerializeToString())
    return files_of([str(folder / "*")], "train")


def vary(example: dict[str, Any], seed: Any) -> dict[str, Any]:
    return {**example, "own": tf.random.stateless_uniform([], seed, 0, 1000, tf.int64)}


def assemble(batch: dict[str, Any], seed: Any) -> Any:
    shared = tf.fill(tf.shape(batch["x"]), tf.random.stateless_uniform([], seed, 0, 1000, tf.int64))
    return tf.stack([batch["x"], batch["own"], shared], axis=1)


def source(kind: type, files: list[str], **changes: Any) -> Source:
    settings = {"batch_size": 3, "seed": 1, "shuffle": 10, "drop_remainder": False, **changes}
    reading = Reading(lambda examples: tf.io.parse_example(examples, SPEC), assemble, vary=vary)
    if kind is Stream:
        return Stream(files, reading, rows=ROWS, **settings)
    return Memory(joined(chunks(files, reading.parse)), reading, **settings)


def batches(source: Source, epoch: int, skip: int = 0) -> list[list[int]]:
    return [batch[:, 0].tolist() for batch in source.epoch(epoch, skip).as_numpy_iterator()]


def drawn(source: Source, epoch: int, skip: int = 0) -> list[list[list[int]]]:
    return [batch[:, 1:].tolist() for batch in source.epoch(epoch, skip).as_numpy_iterator()]


@pytest.mark.parametrize("kind", [Memory, Stream])
def test_epochs_differ_but_repeat(kind, files):
    one, two = source(kind, files), source(kind, files)
    assert one.steps == 4
    assert batches(one, 0) == batches(two, 0) != batches(one, 1)
    assert sorted(sum(batches(one, 1), [])) == list(range(ROWS))


@pytest.mark.parametrize("kind", [Memory, Stream])
def test_an_epoch_starts_anywhere(kind, files):
    made = source(kind, files)
    assert batches(made, 2, skip=3) == batches(made, 2)[3:]


@pytest.mark.parametrize("kind", [Memory, Stream])
def test_what_is_drawn_depends_on_seed_epoch_and_place_alone(kind, files):
    made = source(kind, files)
    whole = drawn(made, 2)
    assert drawn(source(kind, files), 2, skip=2) == whole[2:]
    assert len({own for batch in whole for own, _ in batch}) > ROWS / 2
    assert [len({shared for _, shared in batch}) for batch in whole] == [1] * made.steps
    assert len({batch[0][1] for batch in whole}) > 1
    assert drawn(made, 1) != whole != drawn(source(kind, files, seed=2), 2)


@pytest.mark.parametrize("kind", [Memory, Stream])
def test_without_shuffling_epochs_are_equal(kind, files):
    made = source(kind, files, shuffle=0)
    assert batches(made, 0) == batches(made, 1)


@pytest.mark.parametrize("kind", [Memory, Stream])
def test_the_last_small_batch_can_be_dropped(kind, files):
    made = source(kind, files, drop_remainder=True)
    assert made.steps == 3
    assert [len(batch) for batch in batches(made, 0)] == [3, 3, 3]
    assert made.epoch(0).element_spec.shape[0] == 3, "a compiler wants to know the size"


def test_parts_are_joined_in_order_whatever_they_hold():
    sizes = (3, 1, 0, 5, 200, 2)
    names = [f"row {number}" for number in range(sum(sizes))]
    parts, start = [], 0
    for size in sizes:
        rows = range(start, start + size)
        texts = np.array([names[row].encode() for row in rows], object)
        parts.append({"x": np.array([[row, -row] for row in rows], np.float32).reshape(-1, 2), "text": texts})
        start += size
    whole = joined(parts)
    assert whole["x"].dtype == np.float32
    assert whole["x"].tolist() == [[row, -row] for row in range(start)]
    assert [text.decode() for text in whole["text"]] == names
    assert joined([]) == {}


def test_integers_are_as_short_as_all_of_their_column_need():
    parts = [[0, 100], [], [-200, 1], [2**31 - 1, 0], [5, 6]]
    columns = {"id": [1] * 8, "wide": sum(parts, []), "widest": [-(2**63), *range(7)], "bytes": list(range(8))}
    taken, chunked = 0, []
    for part in parts:
        rows = slice(taken, taken := taken + len(part))
        kinds = {key: np.uint8 if key == "bytes" else np.int64 for key in columns}
        chunked.append({key: np.array(values[rows], kinds[key]) for key, values in columns.items()})
    whole = joined(chunked)
    assert {key: values.dtype for key, values in whole.items()} == {
        "id": np.int8, "wide": np.int32, "widest": np.int64, "bytes": np.uint8
    }  # fmt: skip
    assert {key: values.tolist() for key, values in whole.items()} == columns


def test_what_is_too_much_is_not_kept():
    parts = [{"x": np.zeros(100, np.float32)}] * 3
    assert len(joined(parts, most=1200)["x"]) == 300
    assert joined(parts, most=1000) is None
    texts = [{"text": np.array([b"x" * 1000] * 10, object)}]
    assert len(joined(texts, most=10_080)["text"]) == 10
    assert joined(texts, most=10_000) is None


def test_no_files_is_an_error(tmp_path):
    with pytest.raises(InputError, match="the eval split has no files"):
        files_of([str(tmp_path / "*")], "eval")
