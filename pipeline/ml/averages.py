"""Averaged weights: what is validated and exported, while training goes on with its own."""

from __future__ import annotations

from collections.abc import Iterator

import keras

from pipeline.ml.adapted import innermost
from pipeline.ml.callbacks import Logs


class Averages(keras.callbacks.Callback):
    """Puts the optimizer's averages into the model for validation, and for all who decide by it at an epoch's end.

    It comes after those, and before the checkpoint, which needs both in their places. Keras' own SwapEMAWeights takes
    all variables for trainable, which those of a frozen backbone are not.
    """

    def on_test_begin(self, logs: Logs = None) -> None:
        """Validation sees the averages."""
        self._swap()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Training goes on with the weights."""
        self._swap()

    def settle(self) -> None:
        """Training is over: the averages are the weights."""
        for weight, average in self._pairs():
            weight.assign(average)

    def _swap(self) -> None:
        for weight, average in self._pairs():
            held = keras.ops.convert_to_numpy(weight)
            weight.assign(average)
            average.assign(held)

    def _pairs(self) -> Iterator[tuple[keras.Variable, keras.Variable]]:
        optimizer = innermost(self.model.optimizer)
        # Before the first step there are none: all steps so far may have overflown, in float16.
        if optimizer.use_ema and keras.ops.convert_to_numpy(optimizer.iterations) > 0:
            yield from zip(optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True)
