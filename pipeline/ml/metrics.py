"""Metrics of our own: one for a config to name, heads.metrics=("pipeline.ml.metrics.RMSE",), and one around others."""

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


class OfLikeliest(keras.metrics.Metric):
    """A metric of class ids where labels are shares, of each class or of class 1 alone: it sees the greatest's id."""

    def __init__(self, metric: Any, **kwargs: Any) -> None:
        made = isinstance(metric, keras.metrics.Metric)
        inner = metric if made else keras.metrics.MeanMetricWrapper(metric, name=getattr(metric, "__name__", None))
        super().__init__(name=inner.name, **kwargs)
        self.inner = inner

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Optional[Any] = None) -> None:
        """Add a batch."""
        if y_true.shape[-1] == 1:
            ids = keras.ops.cast(y_true >= 0.5, "int64")
        else:
            ids = keras.ops.cast(keras.ops.argmax(y_true, axis=-1, keepdims=True), "int64")
        self.inner.update_state(ids, y_pred, sample_weight)

    def result(self) -> Any:
        """That of the metric."""
        return self.inner.result()

    def reset_state(self) -> None:
        """Begin again."""
        self.inner.reset_state()
