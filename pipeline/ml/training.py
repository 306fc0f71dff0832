"""The Trainer's run_fn: inputs, model, training loop, export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tfx.components.trainer.fn_args_utils import FnArgs

from components.errors import ConfigError
from pipeline import references
from pipeline.config.settings import TrainerSettings
from pipeline.config.trainer import EarlyStopping, ReduceLearningRate, Trainer
from pipeline.ml import batches, checkpoints, history, models, optimizers, serving, warm_start
from pipeline.ml.callbacks import FiniteLoss, Progress, Recorder
from pipeline.ml.datasets import Source, files_of
from pipeline.ml.heads import Head, heads_of
from pipeline.ml.inputs import model_inputs

RISING = ("accuracy", "auc", "precision", "recall", "f1", "top_k", "r2", "iou", "cosine")
"""Metrics that should rise, by parts of their names."""


def run_fn(fn_args: FnArgs) -> None:
    """Train the model of the settings and export it; the user's own run_fn takes its place where there is one."""
    settings = TrainerSettings.model_validate_json(fn_args.custom_config["settings"])
    if settings.trainer.run_fn:
        references.load(settings.trainer.run_fn)(fn_args)
        return
    keras.utils.clear_session()
    keras.utils.set_random_seed(settings.trainer.seed)
    transform = tft.TFTransformOutput(fn_args.transform_graph_path)
    heads = heads_of(settings.heads, transform)
    inputs = model_inputs(settings, transform)
    train = batches.source(files_of(fn_args.train_files, "train"), "train", settings.trainer, inputs, heads, transform)
    evaluation = batches.source(
        files_of(fn_args.eval_files, "eval"), "eval", settings.trainer, inputs, heads, transform
    )
    model = models.build(settings.model, inputs, heads)
    compile_model(model, heads, optimizers.optimizer(settings.trainer, settings.trainer.epochs * train.steps))
    if settings.trainer.warm_start and fn_args.base_model:
        warm_start.load(fn_args.base_model, model, inputs)
    rows = fit(model, train, evaluation, settings.trainer, fn_args)
    history.write(fn_args.model_run_dir, model, rows)
    serving.export(fn_args.serving_model_dir, model, transform, settings.transform, inputs, heads)
    warm_start.save(fn_args.serving_model_dir, model, inputs)


def compile_model(model: keras.Model, heads: Sequence[Head], optimizer: keras.Optimizer) -> None:
    """Give the model its optimizer, and each head its loss, weight and metrics."""
    model.compile(
        optimizer=optimizer,
        loss={head.name: head.loss() for head in heads},
        loss_weights={head.name: head.config.weight for head in heads},
        metrics={head.name: head.metrics() for head in heads},
        # XLA would compile again for the last, smaller batch, and string or sparse layers of a user's have no kernels.
        jit_compile=False,
    )


def make_variables(model: keras.Model, batch: Any) -> None:
    """Make the variables of optimizer, losses and metrics, which Keras would make in the first step.

    A checkpoint needs them to be there, and TensorFlow traces a step twice that makes variables.
    """
    features, labels, weights = keras.utils.unpack_x_y_sample_weight(batch)
    predictions = model(features, training=False)
    model.optimizer.build(model.trainable_variables)
    model.compute_loss(features, labels, predictions, weights)
    model.compute_metrics(features, labels, predictions, weights)


def fit(
    model: keras.Model, train: Source, evaluation: Source, trainer: Trainer, fn_args: FnArgs
) -> list[dict[str, float]]:
    """Train, from the checkpoint if there is one, and return the numbers of every epoch.

    Each epoch is a fit of its own, because its batches are its own: that is what lets an interrupted
    training go on in the middle of an epoch with exactly the batches that are left.
    """
    make_variables(model, next(iter(evaluation.epoch(0))))
    recorder = Recorder(_watched(trainer))
    # The recorder goes first, to name a monitor that does not exist; the checkpoint last, to see all others' decisions.
    others = [FiniteLoss(), Progress(trainer.epochs, train.steps), recorder, *_deciding(trainer), *_own(trainer)]
    saver = checkpoints.Checkpoints(
        fn_args.custom_config["checkpoints"], _key(model, fn_args), trainer.checkpoint_steps, train.steps, others
    )
    board = [keras.callbacks.TensorBoard(fn_args.model_run_dir, write_graph=False)] if trainer.tensorboard else []
    everyone = _Continuous(
        [*others, *board, saver], add_history=True, model=model, epochs=trainer.epochs, steps=train.steps
    )
    everyone.start()
    position = saver.restore()
    for callback in board:
        for row in recorder.rows:
            callback.on_epoch_end(
                int(row["epoch"]) - 1, {name: value for name, value in row.items() if name != "epoch"}
            )
    finished = position.finished
    for epoch in range(position.epoch, trainer.epochs):
        if finished:
            break
        model.fit(
            train.epoch(epoch, skip=position.step if epoch == position.epoch else 0),
            validation_data=evaluation.epoch(0),
            initial_epoch=epoch,
            epochs=epoch + 1,
            callbacks=everyone,
            verbose=0,
        )
        finished = bool(model.stop_training)
    everyone.finish()
    saver.remove()
    return recorder.rows


class _Continuous(keras.callbacks.CallbackList):
    """Callbacks that see one training, though it is made of one fit per epoch."""

    def start(self) -> None:
        super().on_train_begin()

    def finish(self) -> None:
        super().on_train_end()

    def on_train_begin(self, logs: Any = None) -> None:
        """Nothing: the training began with `start`."""

    def on_train_end(self, logs: Any = None) -> None:
        """Nothing: the training ends with `finish`."""


def _key(model: keras.Model, fn_args: FnArgs) -> str:
    """The checkpoint's name: a digest of settings, sources (where the executor knows them), data and structure."""
    config = fn_args.custom_config
    files = [*files_of(fn_args.train_files, "train"), *files_of(fn_args.eval_files, "eval")]
    return checkpoints.digest(
        {
            "settings": config["settings"],
            "execution": config.get("execution"),
            "files": [(file, tf.io.gfile.stat(file).length) for file in files],
            "base_model": fn_args.base_model,
            "variables": [(each.path, list(each.shape)) for each in model.variables],
        }
    )


def _watched(trainer: Trainer) -> tuple[str, ...]:
    return tuple(each.monitor for each in (trainer.early_stopping, trainer.reduce_learning_rate) if each is not None)


def _deciding(trainer: Trainer) -> list[keras.callbacks.Callback]:
    """The callbacks that change or end the training by what they see."""
    found: list[keras.callbacks.Callback] = []
    if stop := trainer.early_stopping:
        found.append(
            keras.callbacks.EarlyStopping(
                stop.monitor, stop.min_delta, stop.patience, mode=_mode(stop), restore_best_weights=stop.restore_best
            )
        )
    if lower := trainer.reduce_learning_rate:
        found.append(
            keras.callbacks.ReduceLROnPlateau(
                lower.monitor, lower.factor, lower.patience, mode=_mode(lower), min_lr=lower.min_learning_rate
            )
        )
    return found


def _mode(settings: Union[EarlyStopping, ReduceLearningRate]) -> str:
    if settings.mode != "auto":
        return settings.mode
    return "max" if any(part in settings.monitor.lower() for part in RISING) else "min"


def _own(trainer: Trainer) -> list[keras.callbacks.Callback]:
    made = [(reference, references.load(reference)()) for reference in trainer.callbacks]
    for reference, callback in made:
        if not isinstance(callback, keras.callbacks.Callback):
            raise ConfigError(f"trainer.callbacks: {reference} must make a keras Callback. Received: {callback!r}")
    return [callback for _, callback in made]
