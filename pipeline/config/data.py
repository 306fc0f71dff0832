"""Where the data is, in which spans, and how it is split."""

from __future__ import annotations

from typing import Literal, Union

import pydantic

from pipeline.config.record import Record

Format = Literal["csv", "tfrecord", "jsonl", "parquet"]


class HashSplits(Record):
    """Splits by the SHA-256 hash of the record, in the proportion of the buckets (TFX's own rule)."""

    kind: Literal["hash"] = "hash"
    train: int = pydantic.Field(default=8, gt=0)
    eval: int = pydantic.Field(default=1, gt=0)
    test: int = pydantic.Field(default=1, ge=0)
    """0 leaves the split out."""


class GroupSplits(HashSplits):
    """Hash splits on one column, so that all rows of a group land in the same split."""

    kind: Literal["group"] = "group"  # type: ignore[assignment]
    column: str


class TimeSplits(Record):
    """Splits by a column that grows with time: rows before `eval_from` train, rows from `test_from` test.

    Numbers are compared as numbers, text (ISO dates) as text. A row without a time is a bad row.
    """

    kind: Literal["time"] = "time"
    column: str
    eval_from: Union[int, float, str]
    test_from: Union[int, float, str, None] = None
    """None leaves the test split out."""


class FileSplits(Record):
    """Splits that the data comes in: all rows of a file go to the split whose pattern the file's path matches.

    A pattern is matched from the right: "train-*" against the file's name, "train/*" against its folder and name.
    Each file under data.path must match exactly one, and each pattern a file.
    """

    kind: Literal["file"] = "file"
    train: str = pydantic.Field(min_length=1)
    eval: str = pydantic.Field(min_length=1)
    test: Union[str, None] = pydantic.Field(default=None, min_length=1)
    """None leaves the split out."""


Splits = Union[HashSplits, GroupSplits, TimeSplits, FileSplits]


class Data(Record):
    """The source of the examples."""

    path: str
    """A file pattern, relative to the config's project or a URI. May hold {SPAN}, {VERSION} or {DATE}."""
    format: Format = "csv"
    span: Union[int, None] = None
    """The span to run on; None takes the newest that matches `path`."""
    window: int = pydantic.Field(default=1, gt=0)
    """Train on this many spans: the one of the run and those before it."""
    splits: Splits = pydantic.Field(default=HashSplits(), discriminator="kind")
    bad_rows: Union[int, float] = pydantic.Field(default=0, ge=0)
    """Rows that may go to quarantine before the run fails: a count, or below 1.0 a share of all rows."""
    delimiter: str = pydantic.Field(default=",", min_length=1, max_length=1)
    """CSV only."""
    text_columns: tuple[str, ...] = ()
    """CSV only: columns that stay text even where every cell looks like a number (codes with leading zeros)."""
    compression: Literal["auto", "none", "gzip"] = "auto"
    """auto goes by the file name (.gz)."""
    range_bytes: int = pydantic.Field(default=8 << 20, gt=0)
    """CSV and JSON Lines: plain files are read in row-aligned ranges of about this many bytes."""

    @property
    def has_spans(self) -> bool:
        """Whether the path names spans."""
        return any(f"{{{name}" in self.path for name in ("SPAN", "DATE", "YYYY"))

    @property
    def split_names(self) -> tuple[str, ...]:
        """The names of the splits, in order: train and eval, and test where there is one."""
        has_test = self.splits.test_from if isinstance(self.splits, TimeSplits) else self.splits.test or None
        return ("train", "eval") if has_test is None else ("train", "eval", "test")


class Schema(Record):
    """The schema that the data is held against."""

    path: Union[str, None] = None
    """A curated schema (text proto), or None to infer one from the training split."""
    on_anomalies: Literal["fail", "warn"] = "fail"
    quantile_buckets: int = pydantic.Field(default=100, ge=100)
    """Quantile histogram buckets kept by StatisticsGen; drift measures need at least 100."""
