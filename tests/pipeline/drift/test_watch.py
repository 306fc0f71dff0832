"""Which spans a watcher looks at, and how often. What it does with them is in cli/test_drift_told.py."""

from __future__ import annotations

import pathlib

import pytest

import pipeline.config as c
from components.errors import ConfigError, InputError
from pipeline import runs
from pipeline.config.load import load
from pipeline.drift import watch
from pipeline.runners.events import Event, Message
from tests.pipeline.drift.test_spans import put
from tests.pipeline.test_runs import record

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


@pytest.mark.parametrize(
    ("codes", "left"),
    [((), [4]), ((70,), [2, 4]), ((2, 70), [2, 4]), ((130, 0), [4]), ((1,), [4])],
    ids=["none", "crash", "twice", "mended", "gate"],
)
@pytest.mark.parametrize("told", [True, False], ids=["span known", "span named"])
def test_after_a_restart_what_ended_in_an_error_is_looked_at_again(
    tmp_path: pathlib.Path, codes: tuple[int, ...], left: list[int], told: bool
) -> None:
    """All spans have been counted, and runs of the second ended so; such of another pipeline do not matter."""
    config = load("taxi").model_copy(update={"root": str(tmp_path)})
    for span in THERE:
        put(tmp_path, span)
    named = config.model_copy(update={"data": config.data.model_copy(update={"span": 2})}).model_dump_json()
    place = {"span": 2} if told else {"config_json": named}
    for number, code in enumerate(codes):
        ended = record(f"run-{number}", exit_code=code)
        runs.save(str(tmp_path), ended.model_copy(update=place))
    runs.save(str(tmp_path), record("other", exit_code=70, span=3).model_copy(update={"pipeline": "other"}))
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


def test_a_look_that_fails_is_told_and_taken_again(tmp_path: pathlib.Path) -> None:
    """A link to itself is what cannot be looked at."""
    rows = tmp_path / "span-1/rows.csv"
    rows.parent.mkdir()
    rows.symlink_to(rows)
    (tmp_path / "root").touch()
    said = []

    def mend(event: Event) -> None:
        assert isinstance(event, Message)
        said.append(event.text)
        rows.unlink()
        rows.write_text("x\n1\n")

    place = {"data": c.Data(path=f"{tmp_path}/span-{{SPAN}}/*.csv"), "root": str(tmp_path / "root")}
    config = load("taxi").model_copy(update=place)
    with pytest.raises(InputError, match=r"/\*\.csv: the files there cannot be looked at: "):
        next(watch.watch(config, 0.01, True, mend))
    looks = watch.watch(config, 0.01, False, mend)
    assert next(looks).span == 1
    looks.close()
    assert len(said) == 1
    assert said[0].endswith("Too many levels of symbolic links. Looking again in 0.01 s")


def test_a_span_that_cannot_be_run_is_tried_three_times_and_again_when_its_files_change(tmp_path: pathlib.Path) -> None:
    """Its root is a file, so that no run gets as far as its data."""
    rows = tmp_path / "span-1/rows.csv"
    rows.parent.mkdir()
    rows.write_text("x\n1\n")
    (tmp_path / "root").touch()
    place = {"data": c.Data(path=f"{tmp_path}/span-{{SPAN}}/*.csv"), "root": str(tmp_path / "root")}
    looks = watch.watch(load("taxi").model_copy(update=place), 0.01, False, lambda _: None)
    for _ in range(3):
        arrived = next(looks)
        assert (arrived.span, arrived.ended) == (1, False)
        assert "cannot write there" in str(arrived.error)
    rows.write_text("x\n1\n2\n")
    assert next(looks).span == 1
    (tmp_path / "span-2").mkdir()
    (tmp_path / "span-2/rows.csv").write_text("x\n1\n")
    assert [next(looks).span for _ in range(5)] == [1, 2, 1, 2, 2]
    looks.close()


@pytest.mark.parametrize(
    ("code", "ended"),
    [(0, True), (1, True), (2, False), (4, True), (70, False)],
    ids=["ok", "gate", "input", "4", "70"],
)
def test_what_a_gate_stopped_was_seen_to_its_end(code: int, ended: bool) -> None:
    assert watch.Arrived(1, record("a", exit_code=code)).ended is ended


def test_a_file_that_goes_while_it_is_looked_at_is_no_file(tmp_path: pathlib.Path) -> None:
    """A link to nothing is listed, and has no size, as such a file."""
    for span, names in ((1, "ab"), (2, "a")):
        (tmp_path / f"span-{span}").mkdir()
        for name in names:
            (tmp_path / f"span-{span}/{name}.csv").symlink_to(tmp_path / "nowhere")
    (tmp_path / "span-1/c.csv").touch()
    there = watch._files(lambda _: None, f"{tmp_path}/span-{{SPAN}}/*.csv")
    assert {span: text.split()[0] for span, text in there.items()} == {1: f"{tmp_path}/span-1/c.csv"}
