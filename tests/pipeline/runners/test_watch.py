"""Which spans a watcher begins with. What it does with them is in cli/test_drift_runs.py."""

from __future__ import annotations

import pathlib

import pytest

import pipeline.config as c
from components.errors import ConfigError, InputError
from pipeline.config.load import load
from pipeline.runners import watch
from tests.pipeline.drift.test_spans import put

THERE = {span: f"files of {span}" for span in (1, 2, 3, 4)}


@pytest.mark.parametrize(
    ("counted", "left"),
    [((), [4]), ((1, 2), [3, 4]), ((2,), [3, 4]), ((1, 2, 3, 4), [4])],
    ids=["none", "two", "gap", "all"],
)
def test_it_begins_with_what_no_run_has_seen_or_with_the_newest(
    tmp_path: pathlib.Path, counted: tuple[int, ...], left: list[int]
) -> None:
    for span in counted:
        put(tmp_path, span)
    config = load("taxi").model_copy(update={"root": str(tmp_path)})
    known = watch._known(config, THERE)
    assert [span for span in THERE if span not in known] == left


def test_only_spans_that_are_compared_can_be_watched(tmp_path: pathlib.Path) -> None:
    taxi = load("taxi")
    watch.check(taxi)
    with pytest.raises(ConfigError, match="the field drift of taxi compares no data with any other"):
        watch.check(taxi.model_copy(update={"drift": c.Drift(previous=False)}))
    nowhere = taxi.model_copy(update={"data": c.Data(path=f"{tmp_path}/span-{{SPAN}}/*.csv"), "root": str(tmp_path)})
    with pytest.raises(InputError, match="there is no span yet"):
        next(watch.watch(nowhere, 1, True, lambda _: None))
