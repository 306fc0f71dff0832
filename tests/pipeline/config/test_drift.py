"""The field drift: what is left to compare, and errors that name the field."""

from __future__ import annotations

import pytest

import pipeline.config as c
from components.errors import ConfigError


def config(path: str = "span-{SPAN}/*.csv", **fields: object) -> c.Config:
    return c.Config(
        name="moved",
        data=c.Data(path=path, splits=c.HashSplits(test=0)),
        heads=(c.Head(label="y"),),
        features=(c.Numeric(column="x"),),
        **fields,
    )


def test_spans_are_compared_by_default_and_a_lone_data_set_with_nothing() -> None:
    compared = config().compared_drift
    assert compared is not None
    assert (compared.previous, compared.predictions, compared.on_drift) == (True, True, "warn")
    assert config("rows.csv").compared_drift is None
    assert config(drift=None).compared_drift is None
    assert config("day-{DATE}.csv").compared_drift is not None


def test_without_spans_what_needs_none_is_left() -> None:
    compared = config("rows.csv", drift=c.Drift(serving=c.Serving(path="asked.csv"))).compared_drift
    assert compared is not None
    assert (compared.previous, compared.predictions, compared.compares) == (False, False, True)


@pytest.mark.parametrize(
    ("path", "drift", "said"),
    [
        ("rows.csv", {"window": 3}, r"drift\.window puts earlier spans together, but data\.path has no \{SPAN\}"),
        ("span-{SPAN}", {"splits": ["test"]}, r"drift\.splits names 'test', but data\.splits makes"),
        ("span-{SPAN}", {"on_drift": "stop"}, r"on_drift: .*'warn' or 'fail'.*'stop'"),
        ("span-{SPAN}", {"serving": {"paht": "x"}}, r"unknown field. Did you mean path"),
        ("span-{SPAN}", {"hook": "http://[oops"}, r"Drift: hook begins as a URL does, and has no host"),
        ("span-{SPAN}", {"hook": "https:///path"}, r"Drift: hook begins as a URL does, and has no host"),
        ("span-{SPAN}", {"hook": "http://host:port"}, r"Drift: hook begins as a URL does, and has no host"),
        ("span-{SPAN}", {"windows": 3}, r"windows: unknown field\. Did you mean window\?"),
    ],
    ids=["window", "splits", "mode", "serving", "brackets", "no host", "port", "unknown"],
)
def test_errors_name_the_field(path: str, drift: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        config(path, drift=drift)
