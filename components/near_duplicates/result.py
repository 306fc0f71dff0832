"""What `duplicates.json` holds. Imports nothing heavy."""

import pydantic

FILE, PAGE = "duplicates.json", "duplicates.html"


class Image(pydantic.BaseModel, frozen=True):
    """Where an image is: record number `record`, from 0, of a shard."""

    name: str
    """Its file's, where the record knows it."""
    split: str
    path: str
    record: int

    @property
    def place(self) -> tuple[str, str, int]:
        """Split, file and number of the record: what is one image, whatever it is called."""
        return self.split, self.path, self.record


class Pair(pydantic.BaseModel, frozen=True):
    """Two images that are nearly the same."""

    first: Image
    second: Image
    distance: int
    """Bits in which the perceptual hashes differ."""
    ssim: float


class Counts(pydantic.BaseModel, frozen=True):
    """How much two splits share."""

    split: str
    """The smaller one."""
    other: str
    pairs: int
    images: int
    """Those of the smaller split that have a near-duplicate in the other."""
    of: int
    """All of its images."""
    share: float


class Column(pydantic.BaseModel, frozen=True):
    """The near-duplicates of one column, and what counted as such."""

    column: str
    max_distance: int
    min_ssim: float
    images: dict[str, int]
    """Per split."""
    pairs: int
    splits: list[Counts]
    listed: list[Pair]
    """The most similar first."""

    def of_splits(self, counts: Counts, most: int) -> list[Pair]:
        """The first `most` listed pairs of the two splits of `counts`."""
        names = {counts.split, counts.other}
        return [pair for pair in self.listed if {pair.first.split, pair.second.split} == names][:most]


class Result(pydantic.BaseModel, frozen=True):
    """All columns of images, by name."""

    columns: list[Column]
