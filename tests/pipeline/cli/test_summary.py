"""The summary of a run, from its record and the numbers of its evaluation report."""

import datetime
import io

import pytest
from rich.console import Console

import pipeline.config as c
from components.evaluation_report.result import FILE, Cell, Check, HeadResult, Plots, Result, SliceResult, Value
from components.trials import Trial, Trials
from pipeline.cli import tuning
from pipeline.cli.summary import MOST_SLICES, print_summary
from pipeline.runs import Home, NodeRecord, RunRecord

START = datetime.datetime(2024, 1, 31, 12, 0, tzinfo=datetime.timezone.utc)
CASH = {"payment_type": "Cash"}


def _slice(of, examples, auc, change=None):
    cell = Cell(candidate=Value(value=auc), change=None if change is None else Value(value=change))
    return SliceResult(slice=of, examples=examples, metrics={"auc": cell})


def _result(blessed):
    missed = Check(metric="auc", head="tip", slice=CASH, kind="lower", bound=0.7, value=0.65, state="failed")
    head = HeadResult(
        name="tip",
        task="binary",
        classes=["0", "1"],
        metrics={"auc": "higher", "calibration": ""},
        slices=[_slice({}, 1200, 0.91234, 0.0125), _slice(CASH, 400, 0.65)],
        plots=Plots(),
    )
    return Result(
        name="taxi",
        split="eval",
        blessed=blessed,
        has_baseline=True,
        checks=[] if blessed else [missed],
        heads=[head],
        notes=[],
    )


@pytest.fixture
def summary(tmp_path, capsys):
    """The lines on standard output, and standard error, for a record with these facts."""

    def of(result=None, **facts):
        home = Home(run="taxi-1")
        node = NodeRecord(id="EvaluationReport", home=home)
        if result:
            (tmp_path / FILE).write_text(result.model_dump_json())
            node = NodeRecord(
                id="EvaluationReport", state="complete", artifacts={"report": (str(tmp_path),)}, home=home
            )
        record = RunRecord(
            id="taxi-1",
            pipeline="taxi",
            started=START,
            finished=START + datetime.timedelta(seconds=95),
            config_json="{}",
            nodes=(node,),
            **facts,
        )
        config = c.Config(
            name="taxi",
            data=c.Data(path="x"),
            heads=(c.Head(label="y"),),
            features=(c.ZScore(column="x"),),
            project="/p",
        )
        out = io.StringIO()
        print_summary(record, config, Console(file=out, width=200, markup=False))
        return [" ".join(line.split()) for line in out.getvalue().splitlines()], capsys.readouterr().err

    return of


def test_a_pushed_model(summary, tmp_path):
    lines, err = summary(_result(True), state="complete", blessed=True, pushed="/p/runs/serving/taxi/3")
    assert lines == [
        "tip examples auc",
        "all examples 1,200 0.9123 (+0.0125)",
        "payment_type=Cash 400 0.6500",
        "",
        "run taxi-1 complete in 1m 35s",
        "nodes 1 complete",
        "blessing blessed",
        "model pushed to /p/runs/serving/taxi/3",
        f"report {tmp_path}/report.html",
        "logs /p/runs/runs/taxi-1/logs",
    ]
    assert err == ""


def test_a_rejected_model_says_what_missed_where_and_by_how_much(summary):
    lines, err = summary(_result(False), state="complete", blessed=False)
    assert "blessing rejected" in lines
    assert "model not pushed" in lines
    assert "auc on payment_type=Cash is 0.65, required at least 0.7 (missed by 0.05)" in err


def test_a_run_that_failed_before_its_evaluation(summary):
    lines, err = summary(state="failed", error="ExampleGen: rows.csv, line 3: 2 cells", exit_code=2)
    assert "report none" in lines
    assert err == "millrace: ExampleGen: rows.csv, line 3: 2 cells\n"


def test_a_search_shows_its_best_values_and_where_the_plot_is(tmp_path):
    found = [Trial(values={"model.depth": 20}, epochs=1, seconds=1.0, score=None, error="the loss is nan")]
    found += [Trial(values={"model.depth": depth}, epochs=1, seconds=1.0, score=depth / 100) for depth in (32, 20)]
    trials = Trials(objective="val_accuracy", mode="max", trials=tuple(found))
    (tmp_path / "trials.json").write_text(trials.model_dump_json())
    home, artifacts = Home(run="r"), {"best_hyperparameters": ("/p",), "tuner_results": (str(tmp_path),)}
    record = RunRecord(id="r", pipeline="p", started=START, config_json="{}")
    assert tuning.facts(record) == []
    node = NodeRecord(id="Tuner", state="cached", artifacts=artifacts, home=home)
    assert tuning.facts(record.model_copy(update={"nodes": (node,)})) == [
        ("best values", "model.depth=32 (val_accuracy 0.3200, trial 2 of 3, 1 failed)"),
        ("trials", str(tmp_path / "trials.png")),
    ]


def test_many_slices_are_cut_short_and_a_missing_value_is_a_dash(summary):
    result = _result(True)
    slices = [_slice({"company": f"{number}"}, 10, None if number == 0 else 0.5) for number in range(MOST_SLICES + 3)]
    cut = result.model_copy(update={"heads": [result.heads[0].model_copy(update={"slices": slices})]})
    lines, _ = summary(cut, state="complete", blessed=True)
    assert lines[1] == "company=0 10 -"
    assert lines[MOST_SLICES] == f"company={MOST_SLICES - 1} 10 0.5000"
    assert lines[MOST_SLICES + 1] == "and 3 more slices, in the report"
