"""The gate behind ExampleValidator: anomalies stop the run, unless the config only wants to be warned.

ExampleValidator writes down what it finds and lets the run go on. This node reads its artifact, so that
the artifact itself stays for reports when the run stops here.
"""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from absl import logging
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx import types
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, component_spec, standard_artifacts
from tfx.types.system_executions import Process

from components.anomalies import Anomaly, read
from components.artifacts import Verdict
from components.errors import GateError

_ANOMALIES, _VERDICT, _MODE = "anomalies", "verdict", "mode"
_FILE = "SchemaDiff.pb"  # ExampleValidator's name for it


def as_table(found: Mapping[str, Sequence[Anomaly]]) -> str:
    """The anomalies of each split as aligned text, a line each; the same anomaly in several splits is one line."""
    splits: dict[tuple[str, str, str], list[str]] = {}
    for split, anomalies in found.items():
        for each in anomalies:
            splits.setdefault((each.feature or "(data set)", each.short, each.long), []).append(split)
    cells = [("feature", "split", "problem", "what was found")]
    cells += [(feature, ",".join(names), problem, detail) for (feature, problem, detail), names in splits.items()]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    return "\n".join("  " + "  ".join([*map(str.ljust, row[:3], widths), row[3]]) for row in cells)


def _of_split(artifact: types.Artifact, split: str) -> list[Anomaly]:
    path = os.path.join(artifact_utils.get_split_uri([artifact], split), _FILE)
    with fileio.open(path, "rb") as file:
        return read(anomalies_pb2.Anomalies.FromString(file.read()))


def _as_json(found: Mapping[str, Sequence[Anomaly]]) -> list[dict[str, str]]:
    return [
        {"split": split, "feature": each.feature, "problem": each.short, "detail": each.long}
        for split, anomalies in found.items()
        for each in anomalies
    ]


class Executor(base_executor.BaseExecutor):
    """Reads the anomalies of every split, writes `verdict.json`, and stops the run where that is asked for."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Raises GateError with a table of the anomalies, if there are any and `mode` is "fail"."""
        artifact = artifact_utils.get_single_instance(input_dict[_ANOMALIES])
        splits = artifact_utils.decode_split_names(artifact.split_names)
        found = {split: _of_split(artifact, split) for split in splits}
        verdict = artifact_utils.get_single_instance(output_dict[_VERDICT])
        with fileio.open(os.path.join(verdict.uri, "verdict.json"), "w") as file:
            file.write(json.dumps({"passed": not any(found.values()), "anomalies": _as_json(found)}, indent=2))
        if not any(found.values()):
            return
        message = f"the data differs from its schema:\n{as_table(found)}\n"
        if exec_properties[_MODE] == "fail":
            raise GateError(
                f"{message}Mend the data. If it is right: `millrace schema diff` says what the schema lacks, `accept` "
                'changes it, `infer` writes one. Or let the run go on with schema.on_anomalies="warn"'
            )
        logging.warning(message)


class AnomalyGateSpec(types.ComponentSpec):
    """Anomalies in, a verdict out."""

    PARAMETERS = {_MODE: component_spec.ExecutionParameter(type=str)}
    INPUTS = {_ANOMALIES: component_spec.ChannelParameter(type=standard_artifacts.ExampleAnomalies)}
    OUTPUTS = {_VERDICT: component_spec.ChannelParameter(type=Verdict)}
    TYPE_ANNOTATION = Process


class AnomalyGate(base_component.BaseComponent):
    """Stops the run when the data has anomalies; what must not run on such data comes after this node."""

    SPEC_CLASS = AnomalyGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, anomalies: types.BaseChannel, mode: str) -> None:
        """Args:
        anomalies: ExampleValidator's.
        mode: "fail" or "warn".
        """
        super().__init__(AnomalyGateSpec(anomalies=anomalies, mode=mode, verdict=types.Channel(type=Verdict)))
