"""Ratios, growth and tables of measured runs, by numbers that one can check by hand."""

import pytest

from tests.benchmarks import measured_runs, plot, summary, tables
from tests.benchmarks.measured_runs import Run


def run(side, seconds, rows=1000, turn=0, session="a", parts=None, megabytes=100.0):
    whole = {"seconds": seconds, "processor": seconds / 2, "megabytes": megabytes}
    return Run(side, rows, session, turn, 2, 1.5, whole, parts or {})


def node(seconds, megabytes=50.0):
    return {"seconds": seconds, "processor": seconds / 2, "megabytes": megabytes}


def test_a_ratio_is_of_pairs_and_not_of_medians():
    runs = [
        run("stock", 10, turn=0), run("one-by-one", 5, turn=0),
        run("stock", 60, turn=1), run("one-by-one", 20, turn=1),
        run("stock", 40, turn=2), run("one-by-one", 10, turn=2),
    ]  # fmt: skip
    found = summary.ratio(runs, ("stock", "one-by-one"), 1000, summary.WHOLE, "seconds")
    assert found == {"ratio": 3, "ratio_min": 2, "ratio_max": 4}
    assert summary.median(runs, "stock", 1000, summary.WHOLE, "processor") == 20


def test_runs_of_other_sessions_turns_or_sizes_are_no_pairs():
    others = [
        run("one-by-one", 5, session="b"),
        run("one-by-one", 5, turn=1),
        run("one-by-one", 5, rows=2000),
    ]
    assert summary.ratio([run("stock", 10), *others], ("stock", "one-by-one"), 1000, summary.WHOLE, "seconds") is None


def test_the_rest_is_what_nodes_leave_unless_they_went_side_by_side():
    parts = {"ExampleGen": node(2), "Trainer": node(3), "Baseline": {"seconds": 0.5}}
    assert summary.value(run("one-by-one", 10, parts=parts), summary.REST, "seconds") == 4.5
    assert summary.value(run("one-by-one", 10, parts=parts), summary.REST, "processor") == 2.5
    assert summary.value(run("one-by-one", 10, parts=parts), summary.REST, "megabytes") is None
    assert summary.value(run("side-by-side", 10, parts=parts), summary.REST, "seconds") is None
    assert summary.value(run("one-by-one", 10, parts=parts), "Baseline", "processor") is None


def test_growth_is_of_a_row_and_of_all_memory():
    runs = [run("stock", 10, rows=100, megabytes=200), run("stock", 150, rows=1000, megabytes=500)]
    assert summary.growth(runs, "stock", (100, 1000), summary.WHOLE, "seconds") == pytest.approx(1.5)
    assert summary.growth(runs, "stock", (100, 1000), summary.WHOLE, "megabytes") == 2.5
    assert summary.growth(runs, "stock", (100, 1000), "Trainer", "seconds") is None


def test_a_run_replaces_what_earlier_sessions_found_of_its_side_and_size():
    old = [run("stock", 1), run("stock", 1, rows=2000), run("by-hand", 1)]
    new = run("stock", 2, session="b")
    again = run("stock", 3, session="b", turn=1)
    assert measured_runs.replaced(measured_runs.replaced(old, new), again) == [*old[1:], new, again]


def test_runs_are_kept_in_a_file(tmp_path):
    runs = [run("stock", 1, parts={"Trainer": node(3)})]
    measured_runs.save(tmp_path / "out" / "runs.json", runs)
    assert measured_runs.load(tmp_path / "out" / "runs.json") == runs
    assert measured_runs.load(tmp_path / "none.json") == []


@pytest.fixture
def measured():
    """Two sizes, of which the larger has no run by hand."""
    stock = {"ExampleGen": node(6), "Trainer": node(2)}
    ours = {"ExampleGen": node(1), "AnomalyGate": node(1), "Baseline": {"seconds": 0.5}}
    return [
        run("stock", 10, parts=stock),
        run("one-by-one", 4, parts=ours),
        run("side-by-side", 2, parts=ours),
        run("by-hand", 1, parts={"read": node(0.5)}),
        run("stock", 50, rows=10_000, parts=stock),
        run("one-by-one", 20, rows=10_000, parts=ours),
    ]


def test_tables_have_whole_runs_nodes_steps_and_growth(measured):
    lines = tables.markdown(measured).splitlines()
    assert "| Millrace, one node at a time | 1 | 4.0 | 2.0 | 100 | 2.50 | 2.50 | 4.00 | 4.00 |" in lines
    assert "| by hand | 1 | 1.0 | 0.5 | 100 | 10.00 | 10.00 | – | – |" in lines
    assert "| ExampleGen | 6.0 | 1.0 | 3.0 | 0.5 | 6.00 | 6.00 | 50 | 50 | 1.00 |" in lines
    assert "| AnomalyGate | – | 1.0 | – | 0.5 | – | – | – | 50 | – |" in lines
    assert "| start-up, and between nodes | 2.0 | 1.5 | 1.0 | 1.0 | 1.33 | 1.00 | – | – | – |" in lines
    assert "| read | 0.5 | 0.2 | 50 |" in lines
    assert "### A row at 10,000 rows, times one at 1,000 rows" in lines
    assert "| stock TFX | 0.50 | 0.50 | 1.00 |" in lines
    assert not any("cache of analyzers and" in line for line in lines)
    assert "| Millrace, one node at a time: ExampleGen | 0.10 | 0.10 | 1.00 |" in lines


def test_stocks_transform_is_compared_without_what_ours_does_not_write(measured):
    measured += [run("stock-transform", 9, parts={"Transform": node(3)})]
    measured[1] = run("one-by-one", 4, parts={"Transform": node(2)})
    text = tables.markdown(measured)
    assert "Transform took 3.0 s, stock / Millrace 1.50 and of processor time 1.50." in text
    assert "stock-transform" not in text


def test_a_bar_adds_up_to_the_whole_run(measured):
    assert plot.stack(measured, "stock", 1000) == {"ExampleGen": 6, "Trainer": 2, summary.REST: 2}
    assert plot.stack(measured, "one-by-one", 1000) == {"ExampleGen": 1, plot.OTHER: 1.5, summary.REST: 1.5}
    assert plot.stack(measured, "by-hand", 1000) == {"ExampleGen": 0.5, summary.REST: 0.5}
    assert plot.stack(measured, "side-by-side", 1000) == {plot.UNDIVIDED: 2}


def test_the_picture_is_a_png(measured, tmp_path):
    plot.draw(measured, tmp_path / "runs.png")
    assert (tmp_path / "runs.png").read_bytes().startswith(b"\x89PNG")
