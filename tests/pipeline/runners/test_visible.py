"""What a task tells Kubeflow's launcher of its outputs is what the launcher reads."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from pipeline.runners import visible
from pipeline.runs import Home, NodeRecord
from tests.components.evaluation_report.test_render import result


def _told(node: NodeRecord, declared: dict[str, str], folder: pathlib.Path, page: str | None = None) -> dict[str, Any]:
    """The launcher's view, strictly parsed: uri and metadata of each artifact by its name."""
    artifacts = {
        key: {"artifacts": [{"name": key, "type": {"schemaTitle": title}, "uri": f"minio://mlpipeline/v2/{key}"}]}
        for key, title in declared.items()
    }
    file = folder / "output_metadata.json"
    visible.write(node, json.dumps({"outputs": {"artifacts": artifacts, "outputFile": str(file)}}), page)
    output = json_format.Parse(file.read_text(), pipeline_spec_pb2.ExecutorOutput(), ignore_unknown_fields=False)
    found = {key: each.artifacts[0] for key, each in output.artifacts.items()}
    return {key: (each.uri, json_format.MessageToDict(each.metadata)) for key, each in found.items()}


def _node(**fields: Any) -> NodeRecord:
    return NodeRecord(**{"id": "X", "state": "complete", "home": Home(run="r"), **fields})


def test_every_output_has_its_place_and_one_that_is_not_there_is_left_to_the_launcher(tmp_path: pathlib.Path) -> None:
    node = _node(execution=7, artifacts={"model": ("/root/model/7",), "examples": ("/a", "/b"), "none": ()})
    declared = {"model": "system.Model", "examples": "system.Dataset", "none": "system.Artifact"}
    assert _told(node, declared, tmp_path) == {
        "model": ("/root/model/7", {"execution": 7, "state": "complete"}),
        "examples": ("/a", {"execution": 7, "state": "complete", "uris": ["/a", "/b"]}),
    }


def test_nothing_is_null_where_there_is_no_execution(tmp_path: pathlib.Path) -> None:
    """metadata/converter.go of the backend: `unknown/unsupported value type`, and the task has failed."""
    found = _told(_node(artifacts={"model": ("/m",)}), {"model": "system.Model"}, tmp_path)
    assert found == {"model": ("/m", {"state": "complete"})}


def test_the_report_has_its_page_and_the_metrics_of_all_examples(tmp_path: pathlib.Path) -> None:
    report = tmp_path / "report"
    report.mkdir()
    (report / "result.json").write_text(result().model_dump_json())
    (report / "report.html").write_text("<html>it</html>")
    page = tmp_path / "minio" / "page"
    node = _node(execution=1, artifacts={"report": (str(report),)})
    declared = visible.declared({"report": "HtmlReport"})
    found = _told(node, declared, tmp_path, str(page))
    assert found["metrics"] == ("minio://mlpipeline/v2/metrics", {"auc": 0.75, "log_loss": 0.5, "mean_label": 0.2})
    assert page.read_text() == "<html>it</html>"
    assert "page" not in found  # the launcher uploads what lies at its path


@pytest.mark.parametrize(("files", "there"), [(["b/drift.html", "a/drift.html"], True), ([], False)])
def test_several_pages_become_one_that_holds_them(tmp_path: pathlib.Path, files: list[str], there: bool) -> None:
    for file in files:
        (tmp_path / "reports" / file).parent.mkdir(parents=True)
        (tmp_path / "reports" / file).write_text(f'<p title="{file}">')
    page = tmp_path / "page"
    node = _node(artifacts={"reports": (str(tmp_path / "reports"),)})
    _told(node, visible.declared({"reports": "DriftReports"}), tmp_path, str(page))
    assert page.exists() == there
    if there:
        text = page.read_text()
        assert text.index("<h2>a</h2>") < text.index("<h2>b</h2>")
        assert "&lt;p title=&quot;a/drift.html&quot;&gt;" in text


def test_types_are_kubeflows() -> None:
    kinds = {"model": "Model", "examples": "Examples", "reports": "DriftReports", "report": "HtmlReport"}
    assert visible.declared(kinds) == {
        "model": "system.Model",
        "examples": "system.Dataset",
        "reports": "system.Artifact",
        "report": "system.Artifact",
        "page": "system.HTML",
        "metrics": "system.Metrics",
    }
    assert visible.declared({}) == {}
