"""Networks for images: each turns an image into a vector, which the heads predict from."""

from __future__ import annotations

from typing import Annotated, Literal, Union

import pydantic

from pipeline.config.model import Model
from pipeline.config.record import Record

InputRange = Union[tuple[float, float], None]


class _Trained(Record):
    """What a network that starts from random weights may be told."""

    activation: str = "relu"
    """A Keras activation by name."""
    dropout: float = pydantic.Field(default=0.0, ge=0, lt=1)
    """Share of the vector's values that training drops before the heads."""
    l2: float = pydantic.Field(default=0.0, ge=0)
    """Times the sum of squares of every kernel, added to the loss; biases and batch normalisation go free."""

    @property
    def input_range(self) -> InputRange:
        """None: the image comes normalised by its own mean and deviation, ideally around 0."""
        return None


class ResNet(_Trained):
    """A residual network (He et al. 2015; V2: He et al. 2016, "Identity mappings")."""

    kind: Literal["resnet"] = "resnet"
    depth: Literal[18, 34, 50, 101, 152, 20, 32, 44, 56, 110]
    """18 to 152: the ImageNet family, four stages after a 7x7/2 convolution and pooling. 20, 32, 44, 56 and 110: the
    CIFAR family, three stages at the image's full size, for images of about 32x32."""
    version: Literal[1, 2] = 1
    """1 normalises after each convolution; 2 normalises and activates before it, and leaves the shortcuts alone."""
    filters: Union[int, None] = pydantic.Field(default=None, gt=0)
    """Of the first stage, doubled by each later one; None is the family's own: 64 (ImageNet) or 16 (CIFAR)."""
    kernel_size: int = pydantic.Field(default=3, gt=0)
    """Pixels on a side of the kernels in blocks; those of 1x1 and the very first one stay as they are."""
    squeeze_excitation: Union[float, None] = pydantic.Field(default=None, gt=0, le=1)
    """Weigh the channels of each block (Hu et al. 2018), through a layer of this share of them, such as 1/16."""
    bias: bool = False
    """Give biases to convolutions: to all in V1, which batch normalisation makes idle, but which the weights of
    keras.applications have; in V2 to those that no normalisation follows within the block."""
    layout: Literal["torchvision", "keras"] = "torchvision"
    """Where a stage halves the image. torchvision: in its first block, by the 3x3 convolution. keras, for the weights
    of keras.applications (depth 50, 101 and 152): V1 by the first block's first 1x1, V2 by the last block's 3x3."""
    zero_gamma: bool = False
    """Start each block of V1 as the identity, by a scale of 0 in its last normalisation: for large batches
    (Goyal et al. 2017, section 5.1)."""

    @pydantic.model_validator(mode="after")
    def _possible(self) -> ResNet:
        if self.layout == "keras" and self.depth not in (50, 101, 152):
            raise ValueError(f'layout="keras" is for depth 50, 101 and 152. Received: depth={self.depth}')
        if self.zero_gamma and self.version == 2:
            raise ValueError("zero_gamma is for version=1: a block of V2 does not end in a normalisation")
        return self


class CNN(_Trained):
    """Convolutions with pooling in between: a stage of filters halves the image each time."""

    kind: Literal["cnn"] = "cnn"
    filters: tuple[pydantic.PositiveInt, ...] = pydantic.Field(default=(32, 64, 128), min_length=1)
    """Of each convolution; a pooling of 2x2 follows it."""
    kernel_size: int = pydantic.Field(default=3, gt=0)
    """Pixels on a side of every kernel."""
    hidden_units: tuple[pydantic.PositiveInt, ...] = ()
    """Dense layers after the last pooling, which averages what is left of the image; each is dropped from too."""
    batch_norm: bool = True
    """Normalise after each convolution, which then needs no bias."""


class Backbone(Record):
    """A network of keras.applications without its classification head."""

    kind: Literal["backbone"] = "backbone"
    name: str = "EfficientNetB0"
    """A constructor in keras.applications: ResNet50, VGG16, InceptionV3, Xception, EfficientNetV2S, …"""
    weights: Union[str, None] = None
    """A local file (.h5, .weights.h5 or .keras) with weights of the network without its head ("notop"); None starts
    from random ones. Nothing is ever downloaded."""
    sha256: Union[str, None] = pydantic.Field(default=None, pattern="^[0-9a-f]{64}$")
    """The digest of the file of weights, without which it is not loaded."""
    frozen_epochs: int = pydantic.Field(default=0, ge=0)
    """Epochs at the start in which only the heads learn."""
    pooling: Literal["avg", "max"] = "avg"
    """What becomes of each channel of the last convolution."""

    @property
    def input_range(self) -> InputRange:
        """Pixels as they are: the builder scales them as this backbone wants."""
        return 0.0, 255.0

    @pydantic.model_validator(mode="after")
    def _local(self) -> Backbone:
        if self.weights == "imagenet":
            raise ValueError('weights="imagenet" would be a download: get the file, give its path and its sha256')
        if (self.weights is None) != (self.sha256 is None):
            raise ValueError("weights and sha256 go together")
        if self.frozen_epochs and self.weights is None:
            raise ValueError("frozen_epochs needs weights: random ones must be trained")
        return self


Network = Annotated[Union[ResNet, CNN, Backbone], pydantic.Field(discriminator="kind")]
AnyModel = Annotated[Union[Model, ResNet, CNN, Backbone], pydantic.Field(discriminator="kind")]
"""What `model` in a config may be."""
