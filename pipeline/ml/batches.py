"""The input side of training: from files of transformed examples to checked batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.errors import InputError
from pipeline.config.settings import WEIGHT_KEY, label_key
from pipeline.config.trainer import Trainer
from pipeline.ml.datasets import Assemble, Batch, Memory, Source, Stream, chunks
from pipeline.ml.heads import Head
from pipeline.ml.images.mixing import Mixer
from pipeline.ml.inputs import ModelInput, feature_spec, reader
from pipeline.ml.labels import Tally


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
    cropped = _cropped(inputs, training)
    decoded = [each for each in inputs if each not in cropped]
    read = reader(decoded, {**feature_spec(inputs, transform), **labels})
    drop = trainer.drop_remainder and training
    merge = assemble(inputs, heads, trainer, training)
    made: Source
    if trainer.cache:
        made = memory = Memory(
            files, read, merge, trainer.batch_size, trainer.seed, training and trainer.shuffle > 0, drop
        )
        rows = check([memory.columns] if memory.rows else [], split, heads, trainer)
    else:
        rows = check(chunks(files, reader((), labels)), split, heads, trainer)
        made = Stream(
            files, read, merge, trainer.batch_size, trainer.seed, trainer.shuffle if training else 0, drop, rows
        )
    if made.steps == 0:
        why = (
            f"fewer than trainer.batch_size={trainer.batch_size} rows, and trainer.drop_remainder is on"
            if rows
            else "no rows"
        )
        raise InputError(f"the {split} split has {why}: check data.path and data.splits")
    return made


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
    cropped = _cropped(inputs, training)
    mixed = [each for each in inputs if training and each.image and each.image.mix]
    mixers = {each.name: Mixer(each.image.mix) for each in mixed if each.image}

    def of_batch(batch: Batch, seed: Any) -> Any:
        crop_seed, mix_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        features = {each.name: batch[each.name] for each in inputs}
        for each in cropped:
            features[each.name] = each.read_part(batch[each.name], crop_seed)
        labels = {head.name: head.labels(batch[label_key(head.name)]) for head in heads}
        weights = weigh(batch)
        for name, mixer in mixers.items():
            features[name], labels, weights = mixer.mixed(features[name], labels, weights, mix_seed)
        return (features, labels, weights) if weights else (features, labels)

    return of_batch


def _cropped(inputs: Sequence[ModelInput], training: bool) -> list[ModelInput]:
    """The images of which training sees another part in each epoch; what is kept of them is the encoded bytes."""
    return [each for each in inputs if training and each.image and each.image.random_crop]


def _weigher(heads: Sequence[Head], trainer: Trainer) -> Callable[[Batch], dict[str, Any]]:
    """The function from a parsed batch to the weights by head; none where all examples weigh the same."""
    class_weights = {head.name: head.class_weights() for head in heads}
    weighted = trainer.example_weight is not None or any((weights != 1).any() for weights in class_weights.values())

    def of_head(head: Head, batch: Batch) -> Any:
        ids = tf.reshape(batch[label_key(head.name)], [-1])
        example = tf.reshape(batch[WEIGHT_KEY], [-1]) if trainer.example_weight else tf.ones(tf.shape(ids))
        return example * tf.gather(class_weights[head.name], ids) if head.classes else example

    return lambda batch: {head.name: of_head(head, batch) for head in heads} if weighted else {}
