"""An encoded image as a feature: how it becomes a tensor of one size, and how training varies it."""

from __future__ import annotations

from typing import Annotated, Literal, Union

import pydantic

from pipeline.config.record import Record


class RandomCrop(Record):
    """Take a random part of each image instead of what `fit` says, stretched to the size (Szegedy et al. 2015).

    It is cut while the image is decoded, so it comes first; `trainer.cache` keeps the encoded bytes for it.
    """

    kind: Literal["random_crop"] = "random_crop"
    scale: tuple[float, float] = (0.08, 1.0)
    """Least and greatest share of the image's area."""
    aspect: tuple[float, float] = (3 / 4, 4 / 3)
    """Least and greatest width divided by height."""

    @pydantic.model_validator(mode="after")
    def _ranges(self) -> RandomCrop:
        for field, most in (("scale", 1.0), ("aspect", float("inf"))):
            least, greatest = getattr(self, field)
            if not 0 < least <= greatest <= most:
                limit = " of at most 1" if most == 1 else ""
                raise ValueError(f"{field} must be two rising numbers above 0{limit}. Received: {(least, greatest)}")
        return self


class Flip(Record):
    """Mirror half of the images."""

    kind: Literal["flip"] = "flip"
    horizontal: bool = True
    vertical: bool = False


class Shift(Record):
    """Move by up to a share of the height and width; the edge's pixels fill the gap."""

    kind: Literal["shift"] = "shift"
    height: float = pydantic.Field(default=0.1, ge=0, lt=1)
    width: float = pydantic.Field(default=0.1, ge=0, lt=1)


class Crop(Record):
    """Pad by so many black pixels on each side, then cut the size out anywhere (He et al. 2016, section 4.2)."""

    kind: Literal["crop"] = "crop"
    padding: int = pydantic.Field(default=4, gt=0)


class Rotation(Record):
    """Turn by up to so many degrees either way; the edge's pixels fill the corners."""

    kind: Literal["rotation"] = "rotation"
    degrees: float = pydantic.Field(default=10, gt=0, le=180)


class Color(Record):
    """Change brightness, contrast, saturation and hue by up to a share of their range."""

    kind: Literal["color"] = "color"
    brightness: float = pydantic.Field(default=0.2, ge=0, le=1)
    contrast: float = pydantic.Field(default=0.2, ge=0, le=1)
    saturation: float = pydantic.Field(default=0.2, ge=0, le=1)
    hue: float = pydantic.Field(default=0.0, ge=0, le=0.5)


class MixUp(Record):
    """Blend each image with another of its batch, and their labels in the same shares (Zhang et al. 2018)."""

    kind: Literal["mix_up"] = "mix_up"
    alpha: float = pydantic.Field(default=0.2, gt=0, le=1)
    """Shares are drawn from Beta(alpha, alpha): the smaller, the more they are near 0 and 1."""


class CutMix(Record):
    """Paste a rectangle of another image of the batch, and mix the labels by its area (Yun et al. 2019)."""

    kind: Literal["cut_mix"] = "cut_mix"
    alpha: float = pydantic.Field(default=1.0, gt=0, le=1)
    """Areas are drawn from Beta(alpha, alpha); with 1 all are equally likely."""


Mix = Annotated[Union[MixUp, CutMix], pydantic.Field(discriminator="kind")]
Augmentation = Annotated[Union[RandomCrop, Flip, Shift, Crop, Rotation, Color], pydantic.Field(discriminator="kind")]


class Image(Record):
    """JPEG, PNG, GIF (its first frame) or BMP bytes; the model sees them as [height, width, channels]."""

    kind: Literal["image"] = "image"
    column: str = "image/encoded"
    """The raw column that holds the encoded bytes."""
    height: int = pydantic.Field(gt=0)
    width: int = pydantic.Field(gt=0)
    channels: Literal[1, 3] = 3
    """1 is grey, 3 is RGB; an alpha channel is dropped, 16-bit values keep their upper byte."""
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    """How another aspect is dealt with: ignored, cut to the middle, or filled up with black."""
    share: float = pydantic.Field(default=1.0, gt=0, le=1)
    """crop: the share of the greatest middle that is taken. 224/256 equals resizing the shorter side to 256 and cutting
    224 out of the middle, as ImageNet models are evaluated."""
    resize: Literal["bilinear", "nearest", "bicubic", "area"] = "bilinear"
    antialias: bool = True
    """Blur before shrinking, as bilinear and bicubic otherwise skip pixels."""
    mean: tuple[float, ...] = (0.0,)
    """Subtracted from values in [0, 1]; one number, or one per channel."""
    deviation: tuple[float, ...] = (1.0,)
    """What the values are divided by after that; one number, or one per channel."""
    augment: tuple[Augmentation, ...] = ()
    """What training does to each image, in this order; evaluation and serving see it as it is."""
    mix: tuple[Mix, ...] = ()
    """What training does to a batch before `augment`, but after a RandomCrop and its Flip: one of these, drawn for
    each batch. Labels become shares of classes, so all heads must be classifiers with their usual loss, and the image
    the only feature. Training's metrics go by the class with the greatest share."""

    @property
    def random_crop(self) -> Union[RandomCrop, None]:
        """The random crop of `augment`, where there is one."""
        return next((each for each in self.augment if isinstance(each, RandomCrop)), None)

    @property
    def flip_of_crop(self) -> Union[Flip, None]:
        """The flip right after the random crop, which is done with it: by then the pixels are still in the cache."""
        return next((each for each in self.augment[1:2] if self.random_crop and isinstance(each, Flip)), None)

    @pydantic.model_validator(mode="after")
    def _cuts(self) -> Image:
        if any(isinstance(each, RandomCrop) for each in self.augment[1:]):
            raise ValueError("augment: RandomCrop is done while decoding, so it must come first, and once")
        if self.share < 1 and self.fit != "crop":
            raise ValueError(f'share is for fit="crop". Received: fit={self.fit!r}')
        return self

    @pydantic.model_validator(mode="after")
    def _per_channel(self) -> Image:
        for field in ("mean", "deviation"):
            given = getattr(self, field)
            if len(given) not in (1, self.channels):
                raise ValueError(f"{field} takes one number, or one per channel ({self.channels}). Received: {given}")
        if any(value <= 0 for value in self.deviation):
            raise ValueError(f"deviation must be above 0. Received: {self.deviation}")
        return self
