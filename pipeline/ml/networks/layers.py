"""The layers that all networks which start from random weights are made of."""

from __future__ import annotations

import dataclasses
from typing import Any, Optional

import keras

from pipeline.ml.encoding import layer_name
from pipeline.ml.named import keras_named

# As in torchvision and Goyal et al. 2017. Keras' 0.99 would still remember the start after the few hundred steps that
# a small data set gets.
_MOMENTUM = 0.9
# As in keras.applications.
_EPSILON = 1.001e-5


@dataclasses.dataclass(frozen=True)
class Layers:
    """Makes the layers of one network: all names begin with `prefix`, all kernels are regularised by `l2`."""

    prefix: str
    activation: str
    l2: float

    def name(self, name: str) -> str:
        """The whole name of a layer."""
        return layer_name(self.prefix, name) if self.prefix else name

    def conv(self, tensor: Any, filters: int, size: int, name: str, stride: int = 1, bias: bool = False) -> Any:
        """A convolution whose output has 1/stride of the height and width, rounded up."""
        same = stride == 1 or size == 1
        if not same:
            # TensorFlow's own "same" would pad more below and right, and see the image shifted against the shortcut.
            sides = ((size - 1) // 2, size // 2)
            tensor = keras.layers.ZeroPadding2D((sides, sides), name=self.name(f"{name}_pad"))(tensor)
        return keras.layers.Conv2D(
            filters,
            size,
            stride,
            padding="same" if same else "valid",
            use_bias=bias,
            kernel_initializer="he_normal",
            kernel_regularizer=self._regularizer(),
            name=self.name(name),
        )(tensor)

    def norm(self, tensor: Any, name: str, gamma: str = "ones") -> Any:
        """Batch normalisation; `gamma` initialises the scale."""
        return keras.layers.BatchNormalization(
            momentum=_MOMENTUM, epsilon=_EPSILON, gamma_initializer=gamma, name=self.name(name)
        )(tensor)

    def activate(self, tensor: Any, name: str) -> Any:
        """The network's activation."""
        function = keras_named(
            self.activation, lambda: keras.activations.get(self.activation), keras.activations, "activation"
        )
        return keras.layers.Activation(function, name=self.name(name))(tensor)

    def dense(self, tensor: Any, units: int, name: str, activation: Optional[str] = None) -> Any:
        """A dense layer over the last axis."""
        return keras.layers.Dense(
            units,
            activation,
            kernel_initializer="he_normal",
            kernel_regularizer=self._regularizer(),
            name=self.name(name),
        )(tensor)

    def dropout(self, tensor: Any, rate: float, name: str) -> Any:
        """Dropout, where there is any."""
        return keras.layers.Dropout(rate, name=self.name(name))(tensor) if rate else tensor

    def _regularizer(self) -> Any:
        return keras.regularizers.L2(self.l2) if self.l2 else None
