"""What `result.json` of a node that compares holds. Imports nothing heavy."""

from typing import Optional

import pydantic

from components.drift.state import State

FILE = "result.json"


class Finding(pydantic.BaseModel, frozen=True):
    """A feature that moved further than it may."""

    feature: str
    role: str
    """feature, label or prediction."""
    slice: str = ""
    """The part of the data that it was seen in; empty is all of it."""
    measure: str
    value: float
    threshold: float
    text: str = ""
    """All of it in a line, for people; empty in files that were written before there was one."""

    @property
    def line(self) -> str:
        """`text`, or as much of it as the others say."""
        where = f"{self.feature} in {self.slice}" if self.slice else self.feature
        return self.text or f"{where}: {self.measure} {self.value:.3g}, more than {self.threshold:.3g}"


class Comparison(pydantic.BaseModel, frozen=True):
    """What came of holding one data set against another."""

    name: str
    """What kind of comparison it is: previous, window, eval, test, serving or predictions; also its folder's name."""
    title: str
    """The two sides, for people."""
    state: State
    verdict: str
    page: str
    """The page, from the folder of this file."""
    sources: tuple[str, ...] = ()
    """Where the baseline (where there is one) and the current data lie: they stay the same while the data does."""
    findings: tuple[Finding, ...] = ()
    not_comparable: tuple[str, ...] = ()
    """What somebody asks for and cannot be compared, each with the reason in a line."""


class Comparisons(pydantic.BaseModel, frozen=True):
    """All that one node compared."""

    span: Optional[int]
    """Of the current data; None where the data has no spans."""
    comparisons: tuple[Comparison, ...]
