"""The Trainer's run_fn: inputs, model, training loop, export."""

from __future__ import annotations

import keras
import tensorflow as tf
from tfx.components.trainer.fn_args_utils import FnArgs

from pipeline import references
from pipeline.config.settings import TrainerSettings
from pipeline.ml import checkpoints, distribution, history, models, prepared, serving, warm_start
from pipeline.ml.datasets import files_of
from pipeline.ml.loop import Loop


def run_fn(fn_args: FnArgs) -> None:
    """Train the model of the settings and export it; the user's own run_fn takes its place where there is one."""
    settings = TrainerSettings.model_validate_json(fn_args.custom_config["settings"])
    if settings.trainer.run_fn:
        references.load(settings.trainer.run_fn)(fn_args)
        return
    keras.utils.clear_session()
    keras.utils.set_random_seed(settings.trainer.seed)
    data = prepared.data(settings, fn_args)
    with distribution.strategy(settings.trainer).scope():
        model = prepared.model(settings, data, fn_args.base_model)
        folder, key = fn_args.custom_config["checkpoints"], checkpoint_key(model, fn_args)
        rows = Loop(model, data.heads, data.train, data.evaluation, settings, folder, key, fn_args.model_run_dir).run()
    history.write(fn_args.model_run_dir, model, rows)
    served = prepared.served(model, settings, data)
    extractor = models.up_to(settings.extract, model, served) if settings.extract else None
    serving.export(
        fn_args.serving_model_dir, served, data.transform, settings.transform, data.inputs, data.heads, extractor
    )
    warm_start.save(fn_args.serving_model_dir, model, data.inputs)


def checkpoint_key(model: keras.Model, fn_args: FnArgs) -> str:
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
