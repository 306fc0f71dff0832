"""What a training starts from: the batches that its settings ask for, and their model, compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tfx.components.trainer.fn_args_utils import FnArgs

from pipeline.config.settings import TrainerSettings
from pipeline.ml import batches, checkpoints, distribution, models, optimizers, warm_start
from pipeline.ml.compiling import compile_model
from pipeline.ml.datasets import Source, files_of
from pipeline.ml.heads import Head, heads_of
from pipeline.ml.inputs import ModelInput, model_inputs
from pipeline.ml.precision import computing_in
from pipeline.ml.stepped import Stepped


@dataclass(frozen=True)
class Data:
    """The transformed examples, seen through the settings."""

    transform: tft.TFTransformOutput
    heads: tuple[Head, ...]
    inputs: tuple[ModelInput, ...]
    train: Source
    evaluation: Source


def data(settings: TrainerSettings, fn_args: FnArgs) -> Data:
    """What the model reads.

    Raises:
        InputError: a split is empty, or its labels are of no use.
    """
    transform = tft.TFTransformOutput(fn_args.transform_graph_path)
    inputs, trainer = model_inputs(settings, transform), settings.trainer
    heads = heads_of(settings.heads, transform, mixed=any(each.image and each.image.mix for each in inputs))
    train = batches.source(files_of(fn_args.train_files, "train"), "train", trainer, inputs, heads, transform)
    evaluation = batches.source(files_of(fn_args.eval_files, "eval"), "eval", trainer, inputs, heads, transform)
    return Data(transform, heads, inputs, train, evaluation)


def model(settings: TrainerSettings, data: Data, base_model: Optional[str]) -> keras.Model:
    """The model on its devices, with the weights of `base_model` where the settings want them.

    What is random in it, and in the training from here on, follows from the settings' seed.

    Raises:
        ConfigError: the GPUs cannot share the training, or Keras does not know what the settings name.
        InputError: the features or the old weights do not fit it, or it has no layer of the name to extract.
    """
    keras.utils.set_random_seed(settings.trainer.seed)
    with distribution.strategy(settings.trainer).scope():
        return _model(settings, data, base_model)


def _model(settings: TrainerSettings, data: Data, base_model: Optional[str]) -> keras.Model:
    trainer = settings.trainer
    with computing_in(trainer.precision):
        made = models.build(settings.model, data.inputs, data.heads)
        if settings.extract:
            models.up_to(settings.extract, made, made)
        made = Stepped(made, trainer.train_step) if trainer.train_step else made
    optimizer = optimizers.optimizer(trainer, trainer.epochs * data.train.steps, made.trainable_variables)
    compile_model(made, data.heads, optimizer, trainer.xla)
    if trainer.warm_start and base_model:
        warm_start.load(base_model, made, data.inputs)
    return made


def served(trained: keras.Model, settings: TrainerSettings, data: Data) -> keras.Model:
    """The same model with the same weights, computing in float32 and on one device, whatever training did."""
    made = models.build(settings.model, data.inputs, data.heads)
    made.set_weights(trained.get_weights())
    return made


def checkpoint_key(model: keras.Model, settings: TrainerSettings, fn_args: FnArgs) -> str:
    """The checkpoint's name: a digest of all that the training depends on, the structure of the model included."""
    variables = [(each.path, list(each.shape)) for each in model.variables]
    return checkpoints.digest({"settings": settings.model_dump_json(), **origins(fn_args), "variables": variables})


def origins(fn_args: FnArgs) -> dict[str, Any]:
    """What a training depends on beside its settings: sources (where the executor knows them) and data."""
    files = [*files_of(fn_args.train_files, "train"), *files_of(fn_args.eval_files, "eval")]
    return {
        "execution": fn_args.custom_config.get("execution"),
        "files": [(file, tf.io.gfile.stat(file).length) for file in files],
        "base_model": fn_args.base_model,
    }
