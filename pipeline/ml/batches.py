"""The input side of training: from files of transformed examples to checked batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Optional

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.errors import InputError
from components.signatures import label_key
from pipeline.config.settings import WEIGHT_KEY
from pipeline.config.trainer import Trainer
from pipeline.ml.datasets import (
    CHUNK,
    IMAGES,
    Assemble,
    Batch,
    Decode,
    Memory,
    Reading,
    Source,
    Stream,
    Vary,
    chunks,
    joined,
)
from pipeline.ml.heads import Head
from pipeline.ml.images.mixing import Mixer
from pipeline.ml.inputs import ModelInput, feature_spec
from pipeline.ml.labels import Tally

CACHED = 2**30
"""Bytes of a split that `trainer.cache=None` keeps. It is the same on all machines, as batches depend on it."""
READ = {"batch_size", "example_weight", "drop_remainder", "cache", "shuffle", "seed"}
"""The fields of `trainer` that batches depend on: trainings that differ in others share their batches."""


def source(
    files: Sequence[str],
    split: str,
    trainer: Trainer,
    inputs: Sequence[ModelInput],
    heads: Sequence[Head],
    transform: tft.TFTransformOutput,
) -> Source:
    """The batches of a split ("train" or "eval"), in memory or streamed, with every label looked at first.

    Raises:
        InputError: the split is empty, or its labels are of no use.
    """
    labels = label_spec(heads, trainer, transform)
    training = split == "train"
    spec = {**feature_spec(inputs, transform), **labels}
    images = [each for each in inputs if each.image]
    cropped = [each for each in images if training and each.image and each.image.random_crop]
    reading = Reading(
        lambda examples: tf.io.parse_example(examples, spec),
        assemble(inputs, heads, trainer, training),
        _decoder([each for each in images if each not in cropped]),
        _varier(cropped),
    )
    shuffle, drop = trainer.shuffle if training else 0, trainer.drop_remainder and training
    made: Source
    size = IMAGES if images else CHUNK
    columns = _columns(files, reading, trainer, size)
    if columns is not None:
        rows = check([columns] if columns else [], split, heads, trainer)
        made = Memory(columns, reading, trainer.batch_size, trainer.seed, shuffle > 0, drop)
    else:
        parts = chunks(files, lambda examples: tf.io.parse_example(examples, labels), size=size)
        rows = check(parts, split, heads, trainer)
        made = Stream(files, reading, trainer.batch_size, trainer.seed, shuffle, drop, rows)
    if made.steps == 0:
        why = (
            f"fewer than trainer.batch_size={trainer.batch_size} rows, and trainer.drop_remainder is on"
            if rows
            else "no rows"
        )
        raise InputError(f"the {split} split has {why}: check data.path and data.splits")
    return made


def _columns(files: Sequence[str], reading: Reading, trainer: Trainer, size: int) -> Optional[dict[str, np.ndarray]]:
    """All examples, read `size` at a time; None where they are not to be in memory."""
    if trainer.cache is False:
        return None
    most = math.inf if trainer.cache else CACHED
    return joined(chunks(files, reading.parse, reading.decode, size), most)


def label_spec(heads: Sequence[Head], trainer: Trainer, transform: tft.TFTransformOutput) -> dict[str, Any]:
    """How labels and weights are parsed from a transformed tf.Example."""
    spec = transform.transformed_feature_spec()
    keys = [label_key(head.name) for head in heads] + ([WEIGHT_KEY] if trainer.example_weight else [])
    return {key: spec[key] for key in keys}


def check(parts: Iterable[Mapping[str, np.ndarray]], split: str, heads: Sequence[Head], trainer: Trainer) -> int:
    """Look at every label and weight of a split; the number of its rows.

    Raises:
        InputError: labels are missing, unknown or all the same; a weight is missing or negative.
    """
    tallies = {head.name: Tally(head.name, head.label_source, head.classes) for head in heads}
    rows = bad_weights = 0
    for part in parts:
        for name, tally in tallies.items():
            tally.add(part[label_key(name)].reshape(-1))
        if trainer.example_weight:
            bad_weights += int((~(part[WEIGHT_KEY] >= 0)).sum())
        rows += len(part[label_key(heads[0].name)])
    for tally in tallies.values():
        tally.check(split)
    if bad_weights:
        raise InputError(
            f"trainer.example_weight: column {trainer.example_weight!r} is missing or negative in {bad_weights} of "
            f"{rows} rows of the {split} split; every row needs a weight of at least 0"
        )
    return rows


def assemble(inputs: Sequence[ModelInput], heads: Sequence[Head], trainer: Trainer, training: bool) -> Assemble:
    """The function from a parsed batch to (features, labels, weights), each a dict; weights only where there are any.

    Weights have shape [batch]: the example's times its class'. What training draws at random follows from the seed.
    """
    weigh = _weigher(heads, trainer)
    mixed = [each for each in inputs if training and each.image and each.image.mix]
    mixers = {each.name: Mixer(each.image.mix) for each in mixed if each.image}

    def of_batch(batch: Batch, seed: Any) -> Any:
        features = {each.name: batch[each.name] for each in inputs}
        labels = {head.name: head.labels(batch[label_key(head.name)]) for head in heads}
        weights = weigh(batch)
        for name, mixer in mixers.items():
            features[name], labels, weights = mixer.mixed(features[name], labels, weights, seed)
        return (features, labels, weights) if weights else (features, labels)

    return of_batch


def _decoder(images: Sequence[ModelInput]) -> Optional[Decode]:
    """The function that decodes these images of one example; None where there are none of them."""

    def of_example(columns: Batch) -> Batch:
        return {**columns, **{each.name: each.read_one(columns[each.name]) for each in images}}

    return of_example if images else None


def _varier(images: Sequence[ModelInput]) -> Optional[Vary]:
    """The function that takes a random part of these images of one example; None where there are none of them."""

    def of_example(columns: Batch, seed: Any) -> Batch:
        return {**columns, **{each.name: each.read_part(columns[each.name], seed) for each in images}}

    return of_example if images else None


def _weigher(heads: Sequence[Head], trainer: Trainer) -> Callable[[Batch], dict[str, Any]]:
    """The function from a parsed batch to the weights by head; none where all examples weigh the same."""
    class_weights = {head.name: head.class_weights() for head in heads}
    weighted = trainer.example_weight is not None or any((weights != 1).any() for weights in class_weights.values())

    def of_head(head: Head, batch: Batch) -> Any:
        ids = tf.reshape(batch[label_key(head.name)], [-1])
        example = tf.reshape(batch[WEIGHT_KEY], [-1]) if trainer.example_weight else tf.ones(tf.shape(ids))
        return example * tf.gather(class_weights[head.name], ids) if head.classes else example

    return lambda batch: {head.name: of_head(head, batch) for head in heads} if weighted else {}
