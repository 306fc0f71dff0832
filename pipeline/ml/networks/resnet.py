"""Residual networks: one builder, and a table of what tells the depths apart.

He et al. 2015, "Deep residual learning for image recognition", arXiv:1512.03385 (V1), and 2016, "Identity mappings in
deep residual networks", arXiv:1603.05027 (V2).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, Optional

import keras

from pipeline.config.networks import ResNet
from pipeline.ml.networks.layers import Layers


@dataclasses.dataclass(frozen=True)
class _Family:
    """What a depth stands for."""

    blocks: tuple[int, ...]
    """Residual blocks of each stage."""
    bottleneck: bool
    """Blocks of 1x1, 3x3 and 1x1 convolutions with four times the filters at their end, instead of two 3x3."""
    cifar: bool
    """For small images: the first convolution keeps their size, and shortcuts have no parameters (option A)."""
    filters: int
    """Of the first stage."""


_FAMILIES: dict[int, _Family] = {
    18: _Family((2, 2, 2, 2), bottleneck=False, cifar=False, filters=64),
    34: _Family((3, 4, 6, 3), bottleneck=False, cifar=False, filters=64),
    50: _Family((3, 4, 6, 3), bottleneck=True, cifar=False, filters=64),
    101: _Family((3, 4, 23, 3), bottleneck=True, cifar=False, filters=64),
    152: _Family((3, 8, 36, 3), bottleneck=True, cifar=False, filters=64),
    20: _Family((3, 3, 3), bottleneck=False, cifar=True, filters=16),
    32: _Family((5, 5, 5), bottleneck=False, cifar=True, filters=16),
    44: _Family((7, 7, 7), bottleneck=False, cifar=True, filters=16),
    56: _Family((9, 9, 9), bottleneck=False, cifar=True, filters=16),
    110: _Family((18, 18, 18), bottleneck=False, cifar=True, filters=16),
}


def vector(network: ResNet, image: Any, name: str = "") -> Any:
    """A tensor [batch, width] of a normalised image [batch, height, width, channels] of any size.

    `width` is the number of channels after the last stage: 512 or 2048 (bottlenecks), or 64 in the CIFAR family.
    """
    return _Builder(network, _FAMILIES[network.depth], Layers(name, network.activation, network.l2)).vector(image)


@keras.saving.register_keras_serializable("millrace")
class ZeroChannels(keras.layers.Layer):
    """Appends channels of zeros: [..., c] becomes [..., channels]."""

    def __init__(self, channels: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.channels = channels

    def call(self, tensor: Any) -> Any:
        """The tensor, widened."""
        return keras.ops.pad(tensor, [[0, 0]] * (len(tensor.shape) - 1) + [[0, self.channels - tensor.shape[-1]]])

    def compute_output_shape(self, input_shape: Any) -> tuple[Optional[int], ...]:
        """[..., channels]."""
        return (*input_shape[:-1], self.channels)

    def get_config(self) -> dict[str, Any]:
        """Keras' way to make the layer again."""
        return {**super().get_config(), "channels": self.channels}


@dataclasses.dataclass(frozen=True)
class _Block:
    name: str
    filters: int
    stride: int


@dataclasses.dataclass(frozen=True)
class _Builder:
    network: ResNet
    family: _Family
    layers: Layers

    def vector(self, image: Any) -> Any:
        tensor = self._stem(image)
        for block in self._blocks():
            tensor = self._residual(tensor, block)
        if self.network.version == 2:
            tensor = self._norm_activate(tensor, "post_bn", "post_act")
        pooled = keras.layers.GlobalAveragePooling2D(name=self.layers.name("average"))(tensor)
        return self.layers.dropout(pooled, self.network.dropout, "dropout")

    def _stem(self, image: Any) -> Any:
        """What comes before the first block."""
        size, stride = (3, 1) if self.family.cifar else (7, 2)
        tensor = self.layers.conv(image, self._filters, size, "stem_conv", stride, self.network.bias)
        if self.network.version == 1:
            tensor = self._norm_activate(tensor, "stem_bn", "stem_act")
        if self.family.cifar:
            return tensor
        padded = keras.layers.ZeroPadding2D(1, name=self.layers.name("stem_pool_pad"))(tensor)
        return keras.layers.MaxPooling2D(3, 2, name=self.layers.name("stem_pool"))(padded)

    def _blocks(self) -> Iterator[_Block]:
        stages = len(self.family.blocks)
        for stage, count in enumerate(self.family.blocks, 1):
            for number in range(1, count + 1):
                halves = number == count and stage < stages if self._halves_late else number == 1 and stage > 1
                yield _Block(f"stage{stage}_block{number}", self._filters * 2 ** (stage - 1), stride=2 if halves else 1)

    def _residual(self, tensor: Any, block: _Block) -> Any:
        """tensor + branch(tensor)."""
        start = tensor
        if self.network.version == 2:
            start = self._norm_activate(tensor, f"{block.name}_pre_bn", f"{block.name}_pre_act")
        branch = self._branch(start, block)
        shortcut = self._shortcut(tensor, start, branch.shape[-1], block)
        added = keras.layers.Add(name=self.layers.name(f"{block.name}_add"))([shortcut, branch])
        return self.layers.activate(added, f"{block.name}_out") if self.network.version == 1 else added

    def _branch(self, tensor: Any, block: _Block) -> Any:
        convolutions = self._convolutions(block)
        last = len(convolutions)
        for number, (size, filters, stride) in enumerate(convolutions, 1):
            if number > 1:
                tensor = self._norm_activate(tensor, f"{block.name}_bn{number - 1}", f"{block.name}_act{number - 1}")
            bias = self.network.bias and (self.network.version == 1 or number == last)
            tensor = self.layers.conv(tensor, filters, size, f"{block.name}_conv{number}", stride, bias)
        if self.network.version == 1:
            gamma = "zeros" if self.network.zero_gamma else "ones"
            tensor = self.layers.norm(tensor, f"{block.name}_bn{last}", gamma)
        return self._weighed(tensor, block)

    def _convolutions(self, block: _Block) -> list[tuple[int, int, int]]:
        """(kernel size, filters, stride) of the branch's convolutions."""
        size = self.network.kernel_size
        if not self.family.bottleneck:
            return [(size, block.filters, block.stride), (size, block.filters, 1)]
        first = self.network.layout == "keras" and self.network.version == 1
        return [
            (1, block.filters, block.stride if first else 1),
            (size, block.filters, 1 if first else block.stride),
            (1, 4 * block.filters, 1),
        ]

    def _shortcut(self, tensor: Any, activated: Any, channels: int, block: _Block) -> Any:
        """`tensor` in the shape of the branch: as it is where that does, or projected from `activated`."""
        name = f"{block.name}_shortcut"
        if tensor.shape[-1] != channels and not self.family.cifar:
            projected = self.layers.conv(activated, channels, 1, f"{name}_conv", block.stride, self.network.bias)
            return self.layers.norm(projected, f"{name}_bn") if self.network.version == 1 else projected
        if block.stride > 1:
            tensor = keras.layers.MaxPooling2D(1, block.stride, name=self.layers.name(f"{name}_pool"))(tensor)
        if tensor.shape[-1] != channels:
            tensor = ZeroChannels(channels, name=self.layers.name(f"{name}_zeros"))(tensor)
        return tensor

    def _weighed(self, tensor: Any, block: _Block) -> Any:
        """Squeeze and excitation, where there is any."""
        share = self.network.squeeze_excitation
        if share is None:
            return tensor
        channels, name = tensor.shape[-1], block.name
        squeezed = keras.layers.GlobalAveragePooling2D(keepdims=True, name=self.layers.name(f"{name}_squeeze"))(tensor)
        narrow = self.layers.dense(squeezed, max(1, round(share * channels)), f"{name}_reduce")
        narrow = self.layers.activate(narrow, f"{name}_reduce_act")
        weights = self.layers.dense(narrow, channels, f"{name}_excite", "sigmoid")
        return keras.layers.Multiply(name=self.layers.name(f"{name}_weigh"))([tensor, weights])

    def _norm_activate(self, tensor: Any, norm: str, activation: str) -> Any:
        return self.layers.activate(self.layers.norm(tensor, norm), activation)

    @property
    def _filters(self) -> int:
        return self.network.filters or self.family.filters

    @property
    def _halves_late(self) -> bool:
        return self.network.layout == "keras" and self.network.version == 2
