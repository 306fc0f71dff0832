import json

from components.evaluation_report import result
from components.evaluation_report.result import Cell, HeadResult, Plots, Result, SliceResult, Value
from pipeline.kubeflow import visible
from pipeline.runs import Home, NodeRecord

INPUT = {"name": "artifacts/1", "uri": "minio://bucket/v2/artifacts/1", "type": {"schemaTitle": "system.Artifact"}}


def test_what_is_declared_follows_from_the_types():
    assert visible.declared({"model": "Model", "model_run": "ModelRun"}) == {
        "model": "system.Model",
        "model_run": "system.Artifact",
    }
    assert visible.declared({"reports": "DriftReports"}) == {"reports": "system.Artifact", "page": "system.HTML"}
    assert visible.declared({"report": "HtmlReport"}) == {
        "report": "system.Artifact",
        "page": "system.HTML",
        "metrics": "system.Metrics",
    }


def told(tmp_path, node, *names, page=None):
    file = tmp_path / "output" / "executor_output.json"
    asked = {"artifacts": {name: {"artifacts": [INPUT]} for name in names}, "outputFile": str(file)}
    visible.write(node, json.dumps({"inputs": {}, "outputs": asked}), page)
    return json.loads(file.read_text())["artifacts"]


def test_artifacts_are_told_with_where_tfx_has_them(tmp_path):
    node = NodeRecord(
        id="N", state="cached", execution=7, home=Home(run="r"), artifacts={"model": ("/there/N/model/7",), "none": ()}
    )
    found = told(tmp_path, node, "model", "none")
    assert found == {
        "model": {"artifacts": [{**INPUT, "uri": "/there/N/model/7", "metadata": {"execution": 7, "state": "cached"}}]}
    }


def test_several_artifacts_of_one_key_are_all_told(tmp_path):
    node = NodeRecord(id="N", home=Home(run="r"), artifacts={"examples": ("/a", "/b")})
    [artifact] = told(tmp_path, node, "examples")["examples"]["artifacts"]
    assert (artifact["uri"], artifact["metadata"]["uris"]) == ("/a", ["/a", "/b"])


def test_a_page_is_copied_and_several_become_one(tmp_path):
    node = NodeRecord(id="N", home=Home(run="r"), artifacts={"reports": (str(tmp_path / "reports"),)})
    page = tmp_path / "page" / "page.html"
    told(tmp_path, node, "reports", "page", page=str(page))
    assert not page.exists()

    for name in ("previous", "serving"):
        (tmp_path / "reports" / name).mkdir(parents=True)
        (tmp_path / "reports" / name / "drift.html").write_text(f"<p>it's {name}</p>")
        told(tmp_path, node, "reports", "page", page=str(page))
        if name == "previous":
            assert page.read_text() == "<p>it's previous</p>"
    both = page.read_text()
    assert both.count("<iframe") == 2
    assert 'srcdoc="&lt;p&gt;it&#x27;s serving&lt;/p&gt;"' in both


def test_metrics_are_those_of_all_examples(tmp_path):
    cells = {"auc": Cell(candidate=Value(value=0.9)), "f1": Cell(candidate=Value())}
    of_hour = {"auc": Cell(candidate=Value(value=0.5))}
    head = HeadResult(
        name="tip",
        task="binary",
        classes=["0", "1"],
        metrics={"auc": "higher", "f1": "higher"},
        slices=[
            SliceResult(slice={}, examples=9, metrics=cells),
            SliceResult(slice={"h": 3}, examples=2, metrics=of_hour),
        ],
        plots=Plots(),
    )
    whole = Result(name="taxi", split="eval", blessed=True, has_baseline=False, checks=[], heads=[head], notes=[])
    (tmp_path / result.FILE).write_text(whole.model_dump_json())
    node = NodeRecord(id="N", home=Home(run="r"), artifacts={"report": (str(tmp_path),)})
    found = told(tmp_path, node, "report", "metrics")
    assert found["metrics"]["artifacts"] == [{**INPUT, "metadata": {"auc": 0.9}}]
