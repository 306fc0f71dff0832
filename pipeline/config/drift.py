"""What a pipeline's data is held against, and what becomes of it when it has drifted."""

from __future__ import annotations

import re
from typing import Literal, Union
from urllib.parse import urlsplit

import pydantic

from pipeline.config.data import Format
from pipeline.config.record import Record

WEBHOOK = re.compile(r"https?://", re.IGNORECASE)
"""What a hook that is a URL begins with."""
_VARIABLE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")


class Serving(Record):
    """Data that the model is asked about, to be held against the data that it is trained on."""

    path: str
    """A file pattern, relative to the config's project or a URI. {SPAN}, {VERSION} or {DATE} in it take the newest."""
    format: Union[Format, None] = None
    """None is that of `data`, whose delimiter and text columns hold for serving data, too."""
    key: tuple[str, ...] = ()
    """Columns that both sides have: rows with the same values there are compared one by one."""


class Report(Record):
    """What reports may show."""

    rows: int = pydantic.Field(default=0, ge=0)
    """So many rows of the data as examples of an anomaly, and of rows that differ; 0 keeps data out of reports."""


class Drift(Record):
    """What is compared, by which the schema's comparators, or else default thresholds, say what is drift."""

    previous: bool = True
    """The span against the one before it, which an earlier run has seen. Without spans there is none. A span whose run
    a gate stopped is passed over, by all comparisons with earlier spans, until its gates let it pass."""
    window: int = pydantic.Field(default=0, ge=0)
    """The span against so many before it, put together; 0 is not at all."""
    splits: tuple[Literal["eval", "test"], ...] = ()
    """Splits that are held against train."""
    predictions: bool = True
    """What the new model says of this span against what it says of the one before, on `evaluator.split`; and the
    labels, also those that are computed. Without spans there is none."""
    serving: Union[Serving, None] = None
    """Training data against serving data (skew). Columns that are not in the schema's environment SERVING, and labels,
    are not missed there."""
    slices: tuple[tuple[str, ...], ...] = ()
    """Columns to slice by, each entry a column or a combination: data is compared within each slice, too."""
    history: int = pydantic.Field(default=10, ge=1)
    """How many earlier spans the trend goes back."""
    on_drift: Literal["warn", "fail"] = "warn"
    """fail ends the run before the training (drift of predictions: before the push) with exit code 1. By default it
    goes on: data that has moved is what a model is trained again for, while data that is wrong is an anomaly."""
    hook: Union[str, None] = None
    """Who is told of each finding, once: an http(s) URL that gets a POST with a JSON body for each comparison, or a
    command with the JSON on its standard input. A path in it is relative to the config's project. env:NAME is what the
    environment variable NAME holds: a webhook is often a secret, and a config is for all to read."""

    @pydantic.model_validator(mode="after")
    def _hook_with_a_host(self) -> Drift:
        check_hook("hook", self.hook or "")
        return self

    @property
    def compares(self) -> bool:
        """Whether anything is left to compare before the training."""
        return bool(self.previous or self.window or self.splits or self.serving)

    @property
    def without_spans(self) -> Drift:
        """What is left for data that does not come in spans."""
        return self.model_copy(update={"previous": False, "predictions": False})


def variable_of(hook: str) -> str | None:
    """The environment variable that holds the hook; None where it is said itself."""
    found = _VARIABLE.fullmatch(hook)
    return found[1] if found else None


def check_hook(what: str, hook: str) -> None:
    """Raises ValueError where `hook`, which `what` names, begins as a URL does and is none."""
    if WEBHOOK.match(hook) and not _has_host(hook):
        # Not what arrived: it is often a secret.
        raise ValueError(f"{what} begins as a URL does, and has no host and port that can be read: https://HOST:PORT/…")


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
