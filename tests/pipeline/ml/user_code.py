"""What a user brings: functions and classes that the tests' configs name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from pipeline.ml.heads import Head


def dear(columns: Mapping[str, Any]) -> Any:
    """A label_function: class id 1 from a price of 3 on; a missing count is 0."""
    return (columns["price"] >= 3.0) & (columns["count"] >= 0)


def stock_preprocessing_fn(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A preprocessing_fn as TFX's own examples have it: dense floats and ids of a known range."""
    import tensorflow_transform as tft

    def filled(column: str) -> Any:
        x = inputs[column]
        dense = tf.sparse.to_dense(tf.SparseTensor(x.indices, x.values, [x.dense_shape[0], 1]))
        return tf.squeeze(dense, axis=1)

    return {"fare_log": tf.math.log1p(filled("fare")), "hour": tft.apply_buckets(filled("trip_start_hour"), [[6, 18]])}


def functional(inputs: Mapping[str, Any], heads: tuple[Head, ...]) -> keras.Model:
    """A functional model on the encoded features."""
    joined = keras.layers.Concatenate()(list(inputs.values()))
    outputs = {head.name: keras.layers.Dense(head.units, head.activation)(joined) for head in heads}
    return keras.Model(inputs, outputs)


def sequential(inputs: Mapping[str, Any], heads: tuple[Head, ...]) -> keras.Model:
    """A Sequential for a single head."""
    return keras.Sequential([keras.layers.Dense(4, "relu"), keras.layers.Dense(heads[0].units, heads[0].activation)])


class Subclassed(keras.Model):
    """A subclassed model of any number of heads."""

    def __init__(self, inputs: Mapping[str, Any], heads: tuple[Head, ...]) -> None:
        super().__init__()
        self.hidden = keras.layers.Dense(4, "relu")
        self.outs = {head.name: keras.layers.Dense(head.units, head.activation) for head in heads}

    def call(self, features: Mapping[str, Any]) -> dict[str, Any]:
        hidden = self.hidden(keras.ops.concatenate(list(features.values()), axis=1))
        return {name: layer(hidden) for name, layer in self.outs.items()}


ready = keras.Sequential([keras.layers.Dense(1, "sigmoid")])


def too_wide(inputs: Mapping[str, Any], heads: tuple[Head, ...]) -> keras.Model:
    """A builder with a mistake."""
    return keras.Sequential([keras.layers.Dense(3)])


def nothing(inputs: Mapping[str, Any], heads: tuple[Head, ...]) -> None:
    """A builder that forgets to return."""


def quick_sgd() -> keras.Optimizer:
    """An optimizer with a rate of its own."""
    return keras.optimizers.SGD(0.5)


class Killed(Exception):
    """Stands for the end of the process."""


class KillAt(keras.callbacks.Callback):
    """Ends the process after some steps, unless `spared`."""

    spared = False

    def __init__(self, steps: int = 9) -> None:
        super().__init__()
        self.left = steps

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.left -= 1
        if self.left == 0 and not KillAt.spared:
            raise Killed


def exploding_loss(truth: Any, prediction: Any) -> Any:
    """A loss that is infinite from the start."""
    return keras.ops.mean(prediction, axis=-1) * float("inf")


def custom_run_fn(fn_args: Any) -> None:
    """A run_fn of one's own."""
    tf.io.gfile.makedirs(fn_args.serving_model_dir)
    with open(f"{fn_args.serving_model_dir}/mine.txt", "w") as file:
        file.write("mine")


class Watch(keras.callbacks.Callback):
    """Keeps the kernel of the last layer after each step."""

    seen: list[Any] = []

    def on_train_begin(self, logs: Any = None) -> None:
        Watch.seen = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        Watch.seen.append(keras.ops.convert_to_numpy(self.model.get_layer("logits_kind").kernel))


def averaging_sgd() -> keras.Optimizer:
    """An optimizer that averages by itself."""
    return keras.optimizers.SGD(0.5, use_ema=True)


def by_text(inputs: Mapping[str, Any], heads: tuple[Head, ...]) -> keras.Model:
    """A model whose numbers take a way through text, for which XLA has no kernels."""
    flat = keras.layers.Flatten()(inputs["image"])
    read = keras.layers.Lambda(
        lambda x: tf.strings.to_number(tf.strings.as_string(x)), output_shape=lambda shape: shape
    )(flat)
    return keras.Model(inputs, keras.layers.Dense(heads[0].units, heads[0].activation)(read))


def plain_step(model: keras.Model, features: Any, labels: Any, weights: Any) -> dict[str, Any]:
    """What Keras does in a step."""
    with tf.GradientTape() as tape:
        predictions = model(features, training=True)
        loss = model.compute_loss(features, labels, predictions, weights)
        scaled = model.optimizer.scale_loss(loss)
    gradients = tape.gradient(scaled, model.trainable_variables)
    model.optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return {**model.compute_metrics(features, labels, predictions, weights), "loss": loss}


def step_of_loss(model: keras.Model, features: Any, labels: Any, weights: Any) -> dict[str, Any]:
    """Does nothing, and returns two numbers of its own."""
    return {"loss": tf.reduce_mean(tf.cast(features["image"], tf.float32)), "rows": tf.shape(features["image"])[0]}


def step_of_nan(model: keras.Model, features: Any, labels: Any, weights: Any) -> dict[str, Any]:
    """A step that goes wrong."""
    return {"loss": float("nan")}


def step_of_nothing(model: keras.Model, features: Any, labels: Any, weights: Any) -> None:
    """A step that forgets to return."""


def step_without_loss(model: keras.Model, features: Any, labels: Any, weights: Any) -> dict[str, Any]:
    """A step that calls its loss something else."""
    return {"error": 0.0}


def step_of_many(model: keras.Model, features: Any, labels: Any, weights: Any) -> dict[str, Any]:
    """A step that returns a loss per example."""
    return {"loss": tf.zeros([4])}
