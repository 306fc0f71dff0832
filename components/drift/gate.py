"""The gate behind nodes that compare data: drift stops the run, unless the config only wants to be warned."""

import json
import os
from typing import Any

from absl import logging
from tfx import types
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, component_spec
from tfx.types.system_executions import Process

from components.artifacts import DriftReports, Verdict
from components.drift.result import FILE, Comparison, Comparisons
from components.drift.state import State
from components.errors import GateError, NotComparableError

_MODE = "mode"
_SHOWN = 12
_ADVICE = (
    "Look whether the data is right. If it is, its thresholds are the comparators of the schema "
    '(`millrace drift suggest` proposes some), and drift.on_drift="warn" lets the run go on. A span is no '
    "baseline until the gates let it pass"
)


def _as_text(found: Comparison, folder: str) -> str:
    """A comparison that is no pass, in lines: what it found first, and its page."""
    lines = [f"{found.title}: {found.verdict}"]
    lines += [f"  {each.line}" for each in found.findings[:_SHOWN]]
    if len(found.findings) > _SHOWN:
        lines.append(f"  and {len(found.findings) - _SHOWN} more")
    return "\n".join([*lines, f"  See {os.path.join(folder, found.page)}"])


class Executor(base_executor.BaseExecutor):
    """Reads what was compared, writes `verdict.json`, and stops the run where that is asked for."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Raises GateError where something drifted, NotComparableError where nothing could be compared."""
        folder = artifact_utils.get_single_uri(input_dict["reports"])
        with fileio.open(os.path.join(folder, FILE)) as file:
            found = Comparisons.model_validate_json(file.read()).comparisons
        drifted, incomparable = (
            [each for each in found if each.state is state] for state in (State.DRIFT, State.NOT_COMPARABLE)
        )
        verdict = artifact_utils.get_single_instance(output_dict["verdict"])
        with fileio.open(os.path.join(verdict.uri, "verdict.json"), "w") as file:
            states = {each.name: each.state for each in found}
            file.write(json.dumps({"passed": set(states.values()) == {State.OK}, "comparisons": states}, indent=2))
        if not (drifted or incomparable):
            logging.info("%s", "; ".join(each.verdict for each in found))
            return
        message = "\n".join(_as_text(each, folder) for each in (*drifted, *incomparable))
        if exec_properties[_MODE] == "fail":
            raise (GateError if drifted else NotComparableError)(f"{message}\n{_ADVICE}")
        logging.warning(message)


class DriftGateSpec(types.ComponentSpec):
    """Reports in, a verdict out."""

    PARAMETERS = {_MODE: component_spec.ExecutionParameter(type=str)}
    INPUTS = {"reports": component_spec.ChannelParameter(type=DriftReports)}
    OUTPUTS = {"verdict": component_spec.ChannelParameter(type=Verdict)}
    TYPE_ANNOTATION = Process


class DriftGate(base_component.BaseComponent):
    """Stops the run when data has drifted; what must not run on such data comes after this node."""

    SPEC_CLASS = DriftGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, reports: types.BaseChannel, mode: str) -> None:
        """Args:
        reports: those of Drift or PredictionDrift.
        mode: "fail" or "warn".
        """
        super().__init__(DriftGateSpec(reports=reports, mode=mode, verdict=types.Channel(type=Verdict)))
