"""A metric of our own, for a config to name: heads.metrics=("pipeline.ml.metrics.RMSE",)."""

from __future__ import annotations

from typing import Any, Optional

import keras


@keras.saving.register_keras_serializable("millrace")
class RMSE(keras.metrics.Metric):
    """Root of the mean squared error, sqrt(mean((truth - prediction)^2))."""

    def __init__(self, name: str = "rmse", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Optional[Any] = None) -> None:
        """Add a batch; `sample_weight` [batch] weighs its examples."""
        y_true, y_pred = keras.ops.cast(y_true, self.dtype), keras.ops.cast(y_pred, self.dtype)
        error = keras.ops.square(keras.ops.reshape(y_true, keras.ops.shape(y_pred)) - y_pred)
        per_example = keras.ops.mean(keras.ops.reshape(error, (keras.ops.shape(error)[0], -1)), axis=1)
        weight = keras.ops.ones_like(per_example)
        if sample_weight is not None:
            weight = keras.ops.reshape(keras.ops.cast(sample_weight, self.dtype), (-1,))
        self.total.assign_add(keras.ops.sum(per_example * weight))
        self.count.assign_add(keras.ops.sum(weight))

    def result(self) -> Any:
        """The root over everything since the last reset; 0 before the first example."""
        return keras.ops.sqrt(keras.ops.divide_no_nan(self.total, self.count))
