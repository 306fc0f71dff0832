"""What `misjudged.json` holds. Imports nothing heavy."""

import pydantic

FILE = "misjudged.json"


class Picture(pydantic.BaseModel, frozen=True):
    """An image whose label is not what the model predicts; classes go by their ids."""

    split: str
    span: int
    name: str
    """Its file's, where the record knows it."""
    label: int
    predicted: int
    score: float
    """Of the predicted class."""
    label_score: float
    suspect: bool
    """Whether the model contradicts the label confidently, as components/misjudged/judge.py says."""
    picture: str
    """A data URI."""


class SplitResult(pydantic.BaseModel, frozen=True):
    """The labels of a split."""

    split: str
    images: int
    misjudged: int
    """Images of which the model predicts another class than the label."""
    suspects: int
    """Those whose label the model contradicts confidently."""
    shown: list[Picture]
    """The misjudged ones, first those whose predicted class scores most above the label."""


class HeadResult(pydantic.BaseModel, frozen=True):
    """One output of the model."""

    name: str
    worst: list[Picture]
    """Of the evaluated split, the lowest score of the label first."""
    splits: list[SplitResult]


class Result(pydantic.BaseModel, frozen=True):
    """All classifiers of a model, on all splits."""

    split: str
    """The evaluated one."""
    heads: list[HeadResult]
