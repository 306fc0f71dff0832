"""The epochs in which a backbone is frozen, and those after them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from pipeline.config.networks import AnyModel, Backbone
from pipeline.ml.compiling import compile_model, make_variables
from pipeline.ml.heads import Head
from pipeline.ml.networks import backbone


class Stages:
    """Freezes and thaws the backbone of a model that is compiled and has its variables.

    The optimizer, which knows all variables from the start, stays the same throughout, and so does a checkpoint's form.
    """

    def __init__(self, model: keras.Model, heads: Sequence[Head], network: AnyModel) -> None:
        self._model, self._heads = model, heads
        self._frozen_epochs = network.frozen_epochs if isinstance(network, Backbone) else 0
        self._frozen = False

    def enter(self, epoch: int, batch: Any) -> None:
        """Make the model ready for epoch `epoch` (from 0); `batch` is any batch of its data."""
        frozen = epoch < self._frozen_epochs
        if frozen == self._frozen:
            return
        change = backbone.freeze if frozen else backbone.unfreeze
        change(self._model)
        # Keras looks at what can be trained only when it compiles.
        compile_model(self._model, self._heads, self._model.optimizer, self._model.jit_compile)
        make_variables(self._model, batch)
        self._frozen = frozen
