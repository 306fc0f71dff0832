"""MixUp and CutMix: a batch mixed with itself, pixels, labels and weights alike, before it travels to the device.

There it would be split among GPUs, and labels are out of the layers' reach. Blended pixels are rounded to uint8 again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Union

import keras
import tensorflow as tf

from pipeline.config.images import CutMix, MixUp

Tensors = Mapping[str, Any]


class Mixer:
    """Mixes whole batches, each in one of several ways."""

    def __init__(self, ways: Sequence[Union[MixUp, CutMix]]) -> None:
        self._ways = [_LAYERS[type(way)](way) for way in ways]

    def mixed(self, pixels: Any, labels: Tensors, weights: Tensors, seed: Any) -> tuple[Any, Any, Any]:
        """Pixels uint8 [n, height, width, channels], labels [n, units] and weights [n] by head; random by `seed` [2].

        The loss of a mixed example is the sum of the shares' own: a label counts as much as its example's weight.
        """
        seeds = tf.random.experimental.stateless_split(seed, 2)
        branches = [lambda way=way: _mixed(way, pixels, labels, weights, seeds[1]) for way in self._ways]
        chosen = tf.random.stateless_uniform([], seeds[0], maxval=len(branches), dtype=tf.int32)
        return tf.switch_case(chosen, branches)


class _Seeds(keras.random.SeedGenerator):
    """Seeds that follow from one, without the variable that Keras keeps them in: any batch must come out alone."""

    def __init__(self, seed: Any) -> None:
        self._seed, self._count = seed, 0

    def next(self, ordered: bool = True) -> Any:
        """Another seed, shape [2]."""
        self._count += 1
        return tf.random.experimental.stateless_fold_in(self._seed, self._count)


def _mixed(way: Any, pixels: Any, labels: Tensors, weights: Tensors, seed: Any) -> tuple[Any, Any, Any]:
    drawn = way.get_random_transformation({"images": pixels}, seed=_Seeds(seed))
    if "batch_masks" in drawn:
        # Keras goes by the sides before they are cut off to whole pixels.
        drawn["mix_weight"] = 1.0 - tf.reduce_mean(tf.cast(drawn["batch_masks"], tf.float32), axis=[1, 2, 3])
    blended = way.transform_images(pixels, drawn)
    every = {head: weights.get(head, tf.ones(tf.shape(each)[:1]))[:, tf.newaxis] for head, each in labels.items()}
    together = {head: way.transform_labels(weight, drawn) for head, weight in every.items()}
    shares = {
        head: tf.math.divide_no_nan(way.transform_labels(each * every[head], drawn), together[head])
        for head, each in labels.items()
    }
    return tf.cast(tf.round(blended), pixels.dtype), shares, {head: together[head][:, 0] for head in weights}


# Numbers stay in 32 bits whatever the model computes in: places in an image need them.
_LAYERS: dict[type, Callable[[Any], keras.layers.Layer]] = {
    MixUp: lambda way: keras.layers.MixUp(way.alpha, seed=0, dtype="float32"),
    # Keras would draw alpha itself between two bounds.
    CutMix: lambda way: keras.layers.CutMix((way.alpha, way.alpha), seed=0, dtype="float32"),
}
