"""Transformed examples as batches, the same ones in the same order for every epoch of the same seed.

    Memory     decodes once what is the same in every epoch, keeps the columns, and makes each epoch a permutation
    Stream     reads the files again in every epoch, through a shuffle buffer

Both start anywhere: `epoch(3, skip=40)` is the third epoch without its first 40 batches, which is how an
interrupted training goes on where it stood. So what is random in a batch follows from a seed that epoch and place give.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Protocol

import numpy as np
import tensorflow as tf

from components.errors import InputError

CHUNK = 4096
"""Examples read at a time when all of them are."""
IMAGES = 256
"""The same, where examples hold images: 40 MB of 224x224, decoded."""
READERS = 8
"""Files read side by side."""

Batch = dict[str, Any]
Read = Callable[[Any], Batch]
"""From serialized examples [n] to columns, each [n, ...]; from a single one [] to columns [...]."""
Decode = Callable[[Batch], Batch]
"""From the columns of one example to those columns with images decoded."""
Vary = Callable[[Batch, Any], Batch]
"""The same at random: from the columns of one example, and a seed [2] of its own."""
Assemble = Callable[[Batch, Any], Any]
"""From the columns of a batch, and a seed [2] of its own, to what model.fit takes."""


@dataclass(frozen=True)
class Reading:
    """From serialized examples to what model.fit takes."""

    parse: Read
    assemble: Assemble
    decode: Optional[Decode] = None
    """The same in every epoch."""
    vary: Optional[Vary] = None
    """Another in each epoch, by its seed."""


class Source(Protocol):
    """Batches of one split."""

    steps: int
    """Batches in an epoch."""

    def epoch(self, number: int, skip: int = 0) -> tf.data.Dataset:
        """The batches of epoch `number` (from 0), without the first `skip`."""


def files_of(patterns: Sequence[str], split: str) -> list[str]:
    """The files of a split, in order.

    Raises:
        InputError: there are none.
    """
    files = sorted(file for pattern in patterns for file in tf.io.gfile.glob(pattern))
    if not files:
        raise InputError(f"the {split} split has no files: {', '.join(patterns)}")
    return files


def records(files: Sequence[str]) -> tf.data.Dataset:
    """Serialized examples of TFRecord files, plain or GZIP by name, in an order that depends on the files alone."""
    compression = "GZIP" if all(file.endswith(".gz") for file in files) else ""
    return tf.data.Dataset.from_tensor_slices(list(files)).interleave(
        lambda file: tf.data.TFRecordDataset(file, compression),
        cycle_length=READERS,
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )


@dataclass(frozen=True)
class Batching:
    """How elements become batches of columns.

    Attributes:
        read: takes a batch of elements, or where images are decoded a single one.
        decode, vary: see every example on its own, side by side: so images are decoded in half the time that a loop
            over a batch takes. Without them a batch is read at once, which is quicker for numbers and text.
    """

    read: Read
    size: int
    drop_remainder: bool = False
    decode: Optional[Decode] = None
    vary: Optional[Vary] = None

    def batches(self, elements: tf.data.Dataset, seed: int = 0, skip: int = 0) -> tf.data.Dataset:
        """The batches without the first `skip`; what varies is random by `seed` and the element's place."""
        if self.decode is None and self.vary is None:
            return self._mapped(elements.batch(self.size, drop_remainder=self.drop_remainder).skip(skip), self.read)
        if self.vary is None:
            examples = self._mapped(elements.skip(skip * self.size), self._decoded)
        else:
            # Places cost time, too.
            numbered = elements.enumerate().skip(skip * self.size)
            examples = self._mapped(numbered, lambda place, element: self._varied(element, tf.stack([seed, place])))
        return examples.batch(self.size, drop_remainder=self.drop_remainder)

    def _decoded(self, element: Any) -> Batch:
        columns = self.read(element)
        return self.decode(columns) if self.decode else columns

    def _varied(self, element: Any, seed: Any) -> Batch:
        assert self.vary is not None
        return self.vary(self._decoded(element), seed)

    @staticmethod
    def _mapped(elements: tf.data.Dataset, function: Callable[..., Batch]) -> tf.data.Dataset:
        return elements.map(function, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)


class Memory:
    """A split that is decoded once and kept as columns."""

    def __init__(
        self, columns: dict[str, np.ndarray], reading: Reading, batch_size: int, seed: int, shuffle: bool,
        drop_remainder: bool,
    ) -> None:  # fmt: skip
        """`columns` are those that `joined` gives. They are used up, so that examples are in memory once, not twice."""
        self.rows = len(next(iter(columns.values()), ()))
        # Not tf.constant, which keeps two copies of an array; on the CPU, where tf.data reads them.
        with tf.device("CPU"):
            self._tensors = {key: tf.identity(columns.pop(key)) for key in list(columns)}
        self._batching = Batching(self._gathered, batch_size, drop_remainder, vary=reading.vary)
        self._assemble, self._seed, self._shuffle = reading.assemble, seed, shuffle
        self.steps = _steps(self.rows, batch_size, drop_remainder)

    def epoch(self, number: int, skip: int = 0) -> tf.data.Dataset:
        """See Source."""
        random = np.random.default_rng([self._seed, number])
        rows = tf.data.Dataset.range(self.rows)
        if self._shuffle:
            short = np.int32 if self.rows < 2**31 else np.int64
            rows = tf.data.Dataset.from_tensor_slices(random.permutation(np.arange(self.rows, dtype=short)))
        vary, assemble = random.integers(2**63, size=2).tolist()
        batches = self._batching.batches(rows, vary, skip)
        return _assembled(batches, self._assemble, assemble, skip, self.steps)

    def _gathered(self, rows: Any) -> Batch:
        return {key: _lengthened(tf.gather(values, rows)) for key, values in self._tensors.items()}


class Stream:
    """A split that is read from its files in every epoch."""

    def __init__(
        self, files: Sequence[str], reading: Reading, batch_size: int, seed: int, shuffle: int, drop_remainder: bool,
        rows: int,
    ) -> None:  # fmt: skip
        """`shuffle` is the buffer in examples, 0 for none; `rows` is the number of examples."""
        self._batching = Batching(reading.parse, batch_size, drop_remainder, reading.decode, reading.vary)
        self._files, self._assemble, self._seed, self._shuffle = files, reading.assemble, seed, shuffle
        self.steps = _steps(rows, batch_size, drop_remainder)

    def epoch(self, number: int, skip: int = 0) -> tf.data.Dataset:
        """See Source."""
        random = np.random.default_rng([self._seed, number])
        files = list(random.permutation(self._files)) if self._shuffle else self._files
        serialized = records(files)
        if self._shuffle:
            serialized = serialized.shuffle(self._shuffle, seed=int(random.integers(2**31)))
        vary, assemble = random.integers(2**63, size=2).tolist()
        batches = self._batching.batches(serialized, vary, skip)
        return _assembled(batches, self._assemble, assemble, skip, self.steps)


def chunks(
    files: Sequence[str], read: Read, decode: Optional[Decode] = None, size: int = CHUNK
) -> Iterator[dict[str, np.ndarray]]:
    """The columns of all examples, `size` of them at a time."""
    batching = Batching(read, size, decode=decode)
    return iter(batching.batches(records(files)).prefetch(2).as_numpy_iterator())


def joined(parts: Iterable[dict[str, np.ndarray]], most: float = math.inf) -> Optional[dict[str, np.ndarray]]:
    """The columns of all parts, each part behind the one before; None where they take more than `most` bytes.

    Integers take as few bytes as all of their column need. Columns grow in place: a list of all parts beside them would
    take as much memory again, and the system moves a large array by its pages.
    """
    columns: dict[str, np.ndarray] = {}
    rows, taken = 0, 0
    for part in parts:
        more = len(next(iter(part.values())))
        for key, values in part.items():
            values = _shortened(values)
            column = columns.setdefault(key, np.empty((0, *values.shape[1:]), values.dtype))
            if not np.can_cast(values.dtype, column.dtype):
                column = columns[key] = column.astype(values.dtype)
            if len(column) < rows + more:
                _resize(column, rows + rows // 8 + more)
            column[rows : rows + more] = values
            taken += _bytes(values)
        rows += more
        if taken > most:
            return None
    for column in columns.values():
        _resize(column, rows)
    return columns


def _bytes(values: np.ndarray) -> int:
    """What they take in memory."""
    return values.nbytes + (sum(map(len, values.ravel())) if values.dtype == object else 0)


def _shortened(values: np.ndarray) -> np.ndarray:
    """int64 as the shortest integers that hold all of them; others as they are."""
    if values.dtype != np.int64:
        return values
    low, high = values.min(initial=0), values.max(initial=0)
    kinds = (np.iinfo(kind) for kind in (np.int8, np.int16, np.int32, np.int64))
    return values.astype(next(kind.dtype for kind in kinds if kind.min <= low and high <= kind.max))


def _lengthened(values: Any) -> Any:
    """What `_shortened` made of int64, as that again."""
    return tf.cast(values, tf.int64) if values.dtype in (tf.int8, tf.int16, tf.int32) else values


def _resize(column: np.ndarray, rows: int) -> None:
    column.resize((rows, *column.shape[1:]), refcheck=False)


def _assembled(batches: tf.data.Dataset, assemble: Assemble, seed: int, first: int, steps: int) -> tf.data.Dataset:
    """The batches of an epoch of `steps`, from `first` on, as model.fit takes them, fetched ahead."""
    return (
        batches.enumerate(first)
        .map(
            lambda step, columns: assemble(columns, tf.stack([seed, step])),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        .apply(tf.data.experimental.assert_cardinality(steps - first))
        .prefetch(tf.data.AUTOTUNE)
    )


def _steps(rows: int, batch_size: int, drop_remainder: bool) -> int:
    return rows // batch_size if drop_remainder else -(-rows // batch_size)
