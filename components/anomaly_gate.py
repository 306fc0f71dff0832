"""The gate behind ExampleValidator: anomalies stop the run, unless the config only wants to be warned.

ExampleValidator writes down what it finds and lets the run go on. This node reads its artifact, so that
the artifact itself stays for reports when the run stops here.
"""

import dataclasses
import json
import os
from typing import Any

from absl import logging
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx import types
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, component_spec, standard_artifacts
from tfx.types.system_executions import Process

from components.artifacts import Verdict
from components.errors import GateError

_ANOMALIES, _VERDICT, _MODE = "anomalies", "verdict", "mode"
_FILE = "SchemaDiff.pb"  # ExampleValidator's name for it


@dataclasses.dataclass(frozen=True)
class Anomaly:
    """One thing in which a split differs from the schema; `feature` is empty where it concerns the whole split."""

    split: str
    feature: str
    problem: str
    detail: str


def found(anomalies: anomalies_pb2.Anomalies, split: str) -> list[Anomaly]:
    """What TFDV found in one split, a line per reason, sorted by feature."""
    rows = [
        Anomaly(split, name, reason.short_description, reason.description)
        for name, info in sorted(anomalies.anomaly_info.items())
        for reason in info.reason
    ]
    whole = [
        Anomaly(split, "", reason.short_description, reason.description)
        for reason in anomalies.dataset_anomaly_info.reason
    ]
    missing = [Anomaly(split, "", "Data missing", "the split has no examples")] if anomalies.data_missing else []
    return missing + whole + rows


def as_table(rows: list[Anomaly]) -> str:
    """The anomalies as aligned text, a line each; the same anomaly in several splits is one line."""
    splits: dict[Any, list[str]] = {}
    for row in rows:
        splits.setdefault((row.feature or "(data set)", row.problem, row.detail), []).append(row.split)
    cells = [("feature", "split", "problem", "what was found")]
    cells += [(feature, ",".join(names), problem, detail) for (feature, problem, detail), names in splits.items()]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    return "\n".join("  " + "  ".join([*map(str.ljust, row[:3], widths), row[3]]) for row in cells)


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
        rows: list[Anomaly] = []
        for split in artifact_utils.decode_split_names(artifact.split_names):
            path = os.path.join(artifact_utils.get_split_uri([artifact], split), _FILE)
            with fileio.open(path, "rb") as file:
                rows += found(anomalies_pb2.Anomalies.FromString(file.read()), split)
        verdict = artifact_utils.get_single_instance(output_dict[_VERDICT])
        with fileio.open(os.path.join(verdict.uri, "verdict.json"), "w") as file:
            file.write(
                json.dumps({"passed": not rows, "anomalies": [dataclasses.asdict(row) for row in rows]}, indent=2)
            )
        if not rows:
            return
        message = f"the data differs from its schema:\n{as_table(rows)}\n"
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
