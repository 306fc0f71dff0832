"""An encoded image as a feature: how it becomes a tensor of one size, and how training varies it."""

from __future__ import annotations

from typing import Annotated, Literal, Union

import pydantic

from pipeline.config.record import Record


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


Augmentation = Annotated[Union[Flip, Shift, Crop, Rotation, Color], pydantic.Field(discriminator="kind")]


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
    resize: Literal["bilinear", "nearest", "bicubic", "area"] = "bilinear"
    antialias: bool = True
    """Blur before shrinking, as bilinear and bicubic otherwise skip pixels."""
    mean: tuple[float, ...] = (0.0,)
    """Subtracted from values in [0, 1]; one number, or one per channel."""
    deviation: tuple[float, ...] = (1.0,)
    """What the values are divided by after that; one number, or one per channel."""
    augment: tuple[Augmentation, ...] = ()
    """What training does to each image, in this order; evaluation and serving see it as it is."""

    @pydantic.model_validator(mode="after")
    def _per_channel(self) -> Image:
        for field in ("mean", "deviation"):
            given = getattr(self, field)
            if len(given) not in (1, self.channels):
                raise ValueError(f"{field} takes one number, or one per channel ({self.channels}). Received: {given}")
        if any(value <= 0 for value in self.deviation):
            raise ValueError(f"deviation must be above 0. Received: {self.deviation}")
        return self
