"""One record per feature: how a raw column becomes an input of the model.

All of it runs in the TFT graph, so that serving applies exactly the same. NaN and the empty text count
as missing. `fill` stands in for a missing value; without it a missing number becomes the column's mean
(0 after z-score), a missing text goes where unknown values go, and a missing identity is the unknown id.
Mean, deviation, range and quantiles are those of the values that are there, in the training split.
"""

from __future__ import annotations

from typing import Annotated, Literal, Union

import pydantic

from pipeline.config.images import Image
from pipeline.config.record import Record


class OneHot(Record):
    """A 0/1 vector with one place per id."""

    kind: Literal["one_hot"] = "one_hot"


class Embedding(Record):
    """A trained vector of `size` per id."""

    kind: Literal["embedding"] = "embedding"
    size: int = pydantic.Field(gt=0)


Encoding = Annotated[Union[OneHot, Embedding], pydantic.Field(discriminator="kind")]


class _Column(Record):
    column: str
    """The raw column."""


class Numeric(_Column):
    """The number as it is."""

    kind: Literal["numeric"] = "numeric"
    fill: Union[float, None] = None


class ZScore(_Column):
    """(x - mean) / standard deviation, over the training split; 0 for a column that never varied there."""

    kind: Literal["z_score"] = "z_score"
    fill: Union[float, None] = None


class MinMax(_Column):
    """(x - min) / (max - min), over the training split; 0 for a column that never varied there."""

    kind: Literal["min_max"] = "min_max"
    fill: Union[float, None] = None


class Buckets(_Column):
    """Ids of intervals: `count` quantile buckets of the training split, or explicit `boundaries`."""

    kind: Literal["buckets"] = "buckets"
    count: Union[int, None] = pydantic.Field(default=None, gt=1)
    boundaries: Union[tuple[float, ...], None] = None
    fill: Union[float, None] = None
    encoding: Encoding = OneHot()

    @pydantic.model_validator(mode="after")
    def _one_way(self) -> Buckets:
        if (self.count is None) == (self.boundaries is None):
            raise ValueError("give exactly one of count (quantile buckets) and boundaries")
        if self.boundaries is not None and list(self.boundaries) != sorted(set(self.boundaries)):
            raise ValueError("boundaries must rise strictly")
        return self


class Vocabulary(_Column):
    """Ids of the values seen in the training split (text or integers), most frequent first."""

    kind: Literal["vocabulary"] = "vocabulary"
    top_k: Union[int, None] = pydantic.Field(default=None, gt=0)
    oov_buckets: int = pydantic.Field(default=1, ge=1)
    """Unknown values share these ids, by hash."""
    file: Union[str, None] = None
    """A fixed vocabulary, one value per line, instead of one from the data."""
    fill: Union[str, None] = None
    encoding: Encoding = OneHot()

    @pydantic.model_validator(mode="after")
    def _one_source(self) -> Vocabulary:
        if self.file is not None and self.top_k is not None:
            raise ValueError("top_k cuts a vocabulary from the data, a file is taken whole: give only one of the two")
        return self


class Hashed(_Column):
    """Ids by hash: no vocabulary is kept, values may collide."""

    kind: Literal["hashed"] = "hashed"
    buckets: int = pydantic.Field(gt=1)
    fill: Union[str, None] = None
    encoding: Encoding = OneHot()


class Identity(_Column):
    """Integers in [0, size) that are ids already; anything else counts as id `size`, the unknown."""

    kind: Literal["identity"] = "identity"
    size: int = pydantic.Field(gt=0)
    fill: Union[int, None] = None
    encoding: Encoding = OneHot()


class Cross(Record):
    """Ids by hash of several columns taken together."""

    kind: Literal["cross"] = "cross"
    columns: tuple[str, ...] = pydantic.Field(min_length=2)
    buckets: int = pydantic.Field(gt=1)
    encoding: Encoding = OneHot()


Feature = Annotated[
    Union[Numeric, ZScore, MinMax, Buckets, Vocabulary, Hashed, Identity, Cross, Image],
    pydantic.Field(discriminator="kind"),
]


def columns_of(feature: Feature) -> tuple[str, ...]:
    """The raw columns that a feature comes from."""
    return feature.columns if isinstance(feature, Cross) else (feature.column,)


def feature_key(feature: Feature) -> str:
    """The name of a transformed feature: its column, or its columns joined by `_x_` (Keras takes no slashes)."""
    return "_x_".join(columns_of(feature)).replace("/", "_")
