"""From ids and numbers to vectors: the first layers of every model for tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import keras
import numpy as np

from pipeline.ml.inputs import ModelInput


@keras.saving.register_keras_serializable("millrace")
class SparseLinear(keras.layers.Layer):
    """A linear layer over several one-hot features, without ever writing the zeros down.

    The one-hot vectors side by side times a kernel [sum of sizes, units] is the sum of one kernel row per
    feature. All features share one table, so that a step costs one gather whatever their number.
    """

    def __init__(
        self, sizes: Sequence[int], units: int, kernel_regularizer: Any = None, zeros: bool = False, **kwargs: Any
    ):
        """`zeros` starts from a kernel of zeros, as a linear model may; a hidden layer may not."""
        super().__init__(**kwargs)
        self.sizes, self.units, self.zeros = list(sizes), units, zeros
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self._offsets = np.cumsum([0, *self.sizes[:-1]]).astype("int64")

    def build(self, input_shape: Any) -> None:
        """The kernel, with the spread of Glorot's rule for the dense layer that this one stands for."""
        width = sum(self.sizes)
        spread = float(np.sqrt(6.0 / (width + self.units)))
        uniform = keras.initializers.RandomUniform(-spread, spread)
        self.kernel = self.add_weight(
            shape=(width, self.units),
            initializer="zeros" if self.zeros else uniform,
            regularizer=self.kernel_regularizer,
            name="kernel",
        )

    def call(self, ids: Sequence[Any]) -> Any:
        """`ids`: one int64 tensor of shape [batch] per feature. Returns [batch, units]."""
        rows = keras.ops.stack(ids, axis=1) + self._offsets
        return keras.ops.sum(keras.ops.take(self.kernel, rows, axis=0), axis=1)

    def compute_output_shape(self, input_shape: Any) -> tuple[Optional[int], int]:
        """[batch, units]."""
        return (input_shape[0][0], self.units)

    def get_config(self) -> dict[str, Any]:
        """Keras' way to make the layer again."""
        regularizer = keras.regularizers.serialize(self.kernel_regularizer)
        own = {"sizes": self.sizes, "units": self.units, "zeros": self.zeros, "kernel_regularizer": regularizer}
        return {**super().get_config(), **own}


def layer_name(*parts: str) -> str:
    """A name that Keras and TensorFlow take, and that is the same in every process."""
    return re.sub(r"[^A-Za-z0-9_]", "_", "_".join(parts))


def one_hots(inputs: Sequence[ModelInput]) -> list[ModelInput]:
    """The features that are one-hot encoded, in order: the columns of a SparseLinear."""
    return [each for each in inputs if each.size is not None and each.embedding is None]


def dense_vectors(inputs: Sequence[ModelInput], tensors: Mapping[str, Any]) -> list[Any]:
    """Numbers [batch, width] and embeddings [batch, size], in order of the inputs."""
    return [vector(each, tensors[each.name]) for each in inputs if each.size is None or each.embedding is not None]


def flat_ids(inputs: Sequence[ModelInput], tensors: Mapping[str, Any]) -> list[Any]:
    """The ids of the one-hot features, each of shape [batch]."""
    return [_flat(tensors[each.name]) for each in one_hots(inputs)]


def vector(each: ModelInput, tensor: Any) -> Any:
    """One feature as floats, [batch, width]: the number, the embedding, or the one-hot vector."""
    if each.size is None:
        floats = keras.ops.cast(tensor, "float32")
        return keras.ops.reshape(floats, (-1, int(np.prod(each.shape, dtype=int))))
    if each.embedding is None:
        return keras.ops.one_hot(_flat(tensor), each.size)
    return keras.layers.Embedding(each.size, each.embedding, name=layer_name("embedding", each.name))(_flat(tensor))


def _flat(tensor: Any) -> Any:
    return tensor if len(tensor.shape) == 1 else keras.ops.reshape(tensor, (-1,))
