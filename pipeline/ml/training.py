"""The Trainer's run_fn: inputs, model, training loop, export."""

from __future__ import annotations

import keras
from tfx.components.trainer.fn_args_utils import FnArgs

from pipeline import references
from pipeline.config.settings import TrainerSettings
from pipeline.ml import history, models, prepared, serving, warm_start
from pipeline.ml.hyperparameters import applied
from pipeline.ml.loop import Loop


def run_fn(fn_args: FnArgs) -> None:
    """Train the model of the settings and export it; the user's own run_fn takes its place where there is one."""
    settings = TrainerSettings.model_validate_json(fn_args.custom_config["settings"])
    if fn_args.hyperparameters:
        settings = applied(settings, fn_args.hyperparameters["values"])
    if settings.trainer.run_fn:
        references.load(settings.trainer.run_fn)(fn_args)
        return
    keras.utils.clear_session()
    data = prepared.data(settings, fn_args)
    model = prepared.model(settings, data, fn_args.base_model)
    trained = Loop(
        model=model,
        data=data,
        settings=settings,
        checkpoints=fn_args.custom_config["checkpoints"],
        key=prepared.checkpoint_key(model, settings, fn_args),
        boards=fn_args.model_run_dir,
    ).run()
    history.write(fn_args.model_run_dir, model, trained.rows)
    served = prepared.served(model, settings, data)
    extractor = models.up_to(settings.extract, model, served) if settings.extract else None
    serving.export(fn_args.serving_model_dir, served, data, settings.transform, extractor)
    warm_start.save(fn_args.serving_model_dir, model, data.inputs)
