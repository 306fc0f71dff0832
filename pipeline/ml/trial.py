"""One training of a search: what the Trainer would do with these settings, and how well it would end."""

from __future__ import annotations

import math
import os
from typing import Any, Optional

import keras
import tensorflow as tf
from keras_tuner.errors import FailedTrialError
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx.dsl.io import fileio

from components.errors import GateError, InputError
from pipeline.config.settings import TrainerSettings
from pipeline.config.trainer import Trainer
from pipeline.ml import batches, prepared
from pipeline.ml.loop import Loop

_NOT_OF_THE_DATA: dict[str, Any] = {"model": True, "trainer": set(Trainer.model_fields) - batches.READ}
"""Settings that trials may differ in and still read the same batches."""


class Trainings:
    """Trains again and again on the same examples."""

    def __init__(self, fn_args: FnArgs) -> None:
        self._fn_args = fn_args
        self._checkpoints = os.path.join(fn_args.working_dir, "training")
        self._read: Optional[tuple[str, prepared.Data]] = None

    def data(self, settings: TrainerSettings) -> prepared.Data:
        """The batches of the settings; those of the training before where they are the same.

        Raises:
            InputError: they are of no use.
        """
        key = settings.model_dump_json(exclude=_NOT_OF_THE_DATA)
        if self._read is None or self._read[0] != key:
            self._read = None  # first, so that memory never holds two
            self._read = key, prepared.data(settings, self._fn_args)
        return self._read[1]

    def score(self, settings: TrainerSettings, objective: str) -> float:
        """Train from the last checkpoint on; the objective of the weights that are left.

        Raises:
            FailedTrialError: nothing can be trained with these settings.
            ConfigError: the history has no such objective.
        """
        keras.utils.clear_session()  # which frees the model before
        try:
            data = self.data(settings)
            model = prepared.model(settings, data, self._fn_args.base_model)
        except (InputError, ValueError) as error:  # Keras' own for what it cannot build
            raise FailedTrialError(str(error)) from error
        score = self._trained(model, settings, data, objective)
        if not math.isfinite(score):
            raise FailedTrialError(f"{objective} is {score}")
        return score

    def _trained(self, model: keras.Model, settings: TrainerSettings, data: prepared.Data, objective: str) -> float:
        loop = Loop(
            model=model,
            data=data,
            settings=settings,
            checkpoints=self._checkpoints,
            key=prepared.checkpoint_key(model, settings, self._fn_args),
            watched={objective: "tuner.objective"},
        )
        try:
            return loop.run().kept[objective]
        except (GateError, tf.errors.ResourceExhaustedError) as error:
            if fileio.exists(self._checkpoints):
                fileio.rmtree(self._checkpoints)
            raise FailedTrialError(str(error)) from error
