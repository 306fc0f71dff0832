"""Metrics where labels are shares of classes, as mixing and smoothing make them."""

from __future__ import annotations

from typing import Any, Optional

import keras


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
