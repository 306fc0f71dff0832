"""The EvaluationReport: what the Evaluator found, as a page for people and JSON for programs."""

import datetime
import json
import os
from typing import Any, Optional

import tensorflow_transform as tft
from tfx import types
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, component_spec, standard_artifacts
from tfx.types.system_executions import Process

from components.artifacts import HtmlReport, MisjudgedImages
from components.evaluation_report import compute, render, result
from components.misjudged import result as misjudged_result


class Executor(base_executor.BaseExecutor):
    """Reads an evaluation, writes `result.json` and `report.html`."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Never raises for a rejected model: the report is where one reads why."""
        settings = json.loads(exec_properties["settings"])
        for head in settings["heads"]:
            if head["task"] == "multiclass" and not head["classes"]:
                head["classes"] = _vocabulary(input_dict.get("transform_graph", []), head["vocabulary"])
        evaluation = compute.read(artifact_utils.get_single_uri(input_dict["evaluation"]))
        found = compute.compute(evaluation, settings)
        folder = artifact_utils.get_single_uri(output_dict["report"])
        _write(os.path.join(folder, result.FILE), found.model_dump_json(indent=1))
        misjudged = _misjudged(input_dict.get("misjudged", []))
        now = datetime.datetime.now(datetime.timezone.utc)
        _write(os.path.join(folder, result.PAGE), render.render(found, now, misjudged))


def _vocabulary(transform_graph: list[types.Artifact], name: str) -> list[str]:
    """The classes that Transform found, in the order of their ids."""
    if not transform_graph:
        return []
    found = tft.TFTransformOutput(artifact_utils.get_single_uri(transform_graph)).vocabulary_by_name(name)
    return [each.decode("utf-8", "replace") for each in found]


def _misjudged(artifacts: list[types.Artifact]) -> Optional[misjudged_result.Result]:
    """What the model gets most wrong, for images."""
    if not artifacts:
        return None
    with fileio.open(os.path.join(artifact_utils.get_single_uri(artifacts), misjudged_result.FILE)) as file:
        return misjudged_result.Result.model_validate_json(file.read())


def _write(path: str, text: str) -> None:
    with fileio.open(path, "w") as file:
        file.write(text)


class EvaluationReportSpec(types.ComponentSpec):
    """An evaluation in, a report out."""

    PARAMETERS = {"settings": component_spec.ExecutionParameter(type=str)}
    INPUTS = {
        "evaluation": component_spec.ChannelParameter(type=standard_artifacts.ModelEvaluation),
        "transform_graph": component_spec.ChannelParameter(type=standard_artifacts.TransformGraph, optional=True),
        "misjudged": component_spec.ChannelParameter(type=MisjudgedImages, optional=True),
    }
    OUTPUTS = {"report": component_spec.ChannelParameter(type=HtmlReport)}
    TYPE_ANNOTATION = Process


class EvaluationReport(base_component.BaseComponent):
    """Makes a page of an evaluation."""

    SPEC_CLASS = EvaluationReportSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        evaluation: types.BaseChannel,
        settings: dict[str, Any],
        transform_graph: Optional[types.BaseChannel] = None,
        misjudged: Optional[types.BaseChannel] = None,
    ) -> None:
        """Args:
        evaluation: the Evaluator's.
        settings: `pipeline.evaluation.report_settings.report_settings`.
        transform_graph: where the names of classes come from that the settings do not know.
        misjudged: the images that the page shows.
        """
        super().__init__(
            EvaluationReportSpec(
                evaluation=evaluation,
                transform_graph=transform_graph,
                misjudged=misjudged,
                settings=json.dumps(settings),
                report=types.Channel(type=HtmlReport),
            )
        )
