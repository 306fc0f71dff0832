"""How a trained model is judged, and what it must reach to be pushed."""

from __future__ import annotations

from typing import Literal, Union

import pydantic

from pipeline.config.record import Record


class Ranges(Record):
    """A column of numbers to slice by, cut at `boundaries`: each range begins at one and ends below the next."""

    column: str
    boundaries: tuple[pydantic.FiniteFloat, ...] = pydantic.Field(min_length=1)

    @pydantic.model_validator(mode="after")
    def _rising(self) -> Ranges:
        if list(self.boundaries) != sorted(set(self.boundaries)):
            raise ValueError("boundaries must rise strictly")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """What the ranges are called in reports and thresholds: `below 50`, `50 to 100`, `100 or more`."""
        shown = [f"{bound:.12g}" for bound in self.boundaries]
        between = (f"{low} to {high}" for low, high in zip(shown, shown[1:], strict=False))
        return f"below {shown[0]}", *between, f"{shown[-1]} or more"


SlicePart = Union[str, Ranges]


def column_of(part: SlicePart) -> str:
    """The column that a part of a slice goes by."""
    return part if isinstance(part, str) else part.column


class Threshold(Record):
    """A bound on a metric: `lower` and `upper` absolute, `max_loss` against the latest blessed model."""

    metric: str
    head: str = ""
    """The head's name; may be left out where there is one."""
    slice: dict[str, Union[str, int]] = {}
    """The slice it holds for, as {column: value}, or {column: "50 to 100"} of Ranges; empty is all examples."""
    lower: Union[float, None] = None
    upper: Union[float, None] = None
    max_loss: Union[float, None] = None
    """How far the candidate may fall behind the baseline (0.01 = one point of AUC); negative demands an improvement."""

    @pydantic.model_validator(mode="after")
    def _bounded(self) -> Threshold:
        if self.lower is None and self.upper is None and self.max_loss is None:
            raise ValueError("give at least one of lower, upper and max_loss")
        return self


class Evaluator(Record):
    """Metrics, slices and thresholds, computed by TFMA."""

    split: Literal["eval", "test"] = "eval"
    slices: tuple[tuple[SlicePart, ...], ...] = ()
    """Columns to slice by, each entry a column or a combination; the overall slice is always there.

    A column of numbers is given as Ranges(column, boundaries).
    """
    metrics: tuple[str, ...] = ()
    """Metrics on top of the task's usual ones, by the names in pipeline/evaluation/catalogue.py (`top_5_accuracy`)."""
    thresholds: tuple[Threshold, ...] = ()
    confidence: bool = True
    """Confidence intervals by jackknife."""
    min_slice_size: int = pydantic.Field(default=1, ge=1)
    """Slices with fewer examples are left out of the report, unless a threshold names them."""
    misjudged: tuple[Literal["train", "eval", "test"], ...] = ("train", "eval", "test")
    """The splits whose images the model gets most wrong are looked for; () switches the search off.

    It sends every image of these splits through the model once more, so leave "train" out where that is millions. Of
    several image columns the report shows the first.
    """

    @pydantic.model_validator(mode="after")
    def _known_ranges(self) -> Evaluator:
        for ranges in (part for each in self.slices for part in each if isinstance(part, Ranges)):
            if self.ranges[ranges.column] != ranges:
                raise ValueError(f"slices: the ranges of {ranges.column!r} must be the same wherever they stand")
        for threshold in self.thresholds:
            for column, value in threshold.slice.items():
                if column in self.ranges and value not in self.ranges[column].names:
                    names = ", ".join(map(repr, self.ranges[column].names))
                    raise ValueError(f"thresholds: {column!r} has the ranges {names}. Received: {value!r}")
        return self

    @pydantic.model_validator(mode="after")
    def _misjudged_where_evaluated(self) -> Evaluator:
        if self.misjudged and self.split not in self.misjudged:
            raise ValueError(
                f"misjudged must hold the evaluated split, {self.split!r}, or nothing. Received: {self.misjudged!r}"
            )
        return self

    @property
    def ranges(self) -> dict[str, Ranges]:
        """The ranges that columns are cut into, by column."""
        return {part.column: part for each in reversed(self.slices) for part in each if isinstance(part, Ranges)}
