"""A loss of our own, for a config to name: heads.loss="pipeline.ml.losses.SSIMLoss"."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("millrace")
class SSIMLoss(keras.losses.Loss):
    """1 - SSIM of two images: the structural similarity of Wang et al. 2004, with its window of 11 by 11.

    Images have shape [batch, height, width, channels], sides of at least 11, and values in [0, `max_value`].
    The loss is 0 for equal images and at most 2.
    """

    def __init__(self, max_value: float = 1.0, name: str = "ssim_loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.max_value = max_value

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each image, shape [batch]."""
        return 1.0 - tf.image.ssim(tf.cast(y_true, y_pred.dtype), y_pred, self.max_value)

    def get_config(self) -> dict[str, Any]:
        """Keras' way to make the loss again."""
        return {**super().get_config(), "max_value": self.max_value}
