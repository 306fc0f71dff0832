import os

from pipeline import runs
from pipeline.layout import Layout
from pipeline.runners import backfill
from tests.pipeline.test_runs import record


def spans(project, *numbers, **data):
    """The spans that are run first, where the data has `numbers`."""
    for number in numbers:
        (project.folder / f"span-{number}").mkdir(exist_ok=True)
        (project.folder / f"span-{number}" / "rows.csv").write_text("x,y\n")
    config = project.config()
    fields = {"path": "span-{SPAN}/*.csv", **data}
    config = config.model_copy(update={"data": config.data.model_copy(update=fields)})
    return list(backfill.parts(config, record("tiny-1", state="running", first="Trainer"), "StatisticsGen"))


def test_the_spans_before_the_newest_come_first_oldest_first(project):
    parts = spans(project, 2, 3, 5, 8, window=3)
    assert [part.config.data.span for part in parts] == [3, 5]
    assert [part.config.data.window for part in parts] == [1, 1]
    assert [part.record.id for part in parts] == ["tiny-1-span-3", "tiny-1-span-5"]
    assert {part.record.parent for part in parts} == {"tiny-1"}
    assert [(part.record.first, part.record.last) for part in parts] == [(None, "StatisticsGen")] * 2
    assert os.path.isdir(Layout(project.root).logs("tiny-1-span-3"))


def test_a_named_span_is_the_newest_of_its_window(project):
    assert [part.config.data.span for part in spans(project, 1, 2, 3, 4, window=2, span=3)] == [2]


def test_there_may_be_fewer_spans_than_the_window_has_or_none(project):
    assert [part.config.data.span for part in spans(project, 1, 2, window=5)] == [1]
    assert spans(project, 3, window=1) == []
    assert spans(project, path="nowhere-{SPAN}/*.csv", window=2) == []
    assert spans(project, path="rows.csv", window=2) == []


def test_an_interrupted_span_goes_on(project):
    runs.save(project.root, record("tiny-1-span-1", state="interrupted", parent="tiny-1"))
    [part] = spans(project, 1, 2, window=2)
    assert (part.record.id, part.record.attempt, part.record.state) == ("tiny-1-span-1", 2, "running")
