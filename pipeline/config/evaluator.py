"""How a trained model is judged, and what it must reach to be pushed."""

from __future__ import annotations

from typing import Literal, Union

import pydantic

from pipeline.config.record import Record


class Threshold(Record):
    """A bound on a metric: `lower` and `upper` absolute, `max_loss` against the latest blessed model."""

    metric: str
    head: str = ""
    """The head's name; may be left out where there is one."""
    slice: dict[str, Union[str, int]] = {}
    """The slice it holds for, as {column: value}; empty is all examples."""
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
    slices: tuple[tuple[str, ...], ...] = ()
    """Columns to slice by, each entry a column or a combination; the overall slice is always there."""
    metrics: tuple[str, ...] = ()
    """Metrics on top of the task's usual ones, by the names in pipeline/evaluation/catalogue.py."""
    thresholds: tuple[Threshold, ...] = ()
    confidence: bool = True
    """Confidence intervals by jackknife."""
    min_slice_size: int = pydantic.Field(default=1, ge=1)
    """Slices with fewer examples are left out of the report, unless a threshold names them."""
