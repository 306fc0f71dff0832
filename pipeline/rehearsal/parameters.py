"""From what a run is given to the inputs of each task.

The API server checks the pipeline's parameters (v2_template.go, validatePipelineJobInputs), the driver those of a task
(driver.go, resolveInputs), and the launcher fills in the defaults of optional ones (launcher_v2.go, addDefaultParams).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.errors import InputError, close_matches
from pipeline import arguments
from pipeline.rehearsal.reading import Step
from pipeline.rehearsal.spec import Parameter, ParameterType
from pipeline.rehearsal.values import is_a, text

Constants = Mapping[str, str]
"""What those become that stand for something of the run."""


def job_constants(pipeline: str, job: str) -> Constants:
    """Those that the driver knows. Only a whole constant is one: within a command they stay as they are."""
    return {
        "{{$.pipeline_job_uuid}}": job,
        "{{$.pipeline_job_name}}": f"{pipeline} {job}",
        "{{$.pipeline_job_resource_name}}": f"{pipeline}-{job[:5]}",
    }


def given(definitions: Mapping[str, Parameter], settings: Sequence[str]) -> dict[str, Any]:
    """NAME=VALUE settings as values of the pipeline's parameters.

    Raises:
        InputError: there is no such parameter, or the value is not of its type.
    """
    return arguments.read(settings, {name: definition.parameter_type for name, definition in definitions.items()})


def root_inputs(definitions: Mapping[str, Parameter], values: Mapping[str, Any]) -> dict[str, Any]:
    """The pipeline's parameters: the values, and the defaults of all others.

    Raises:
        InputError: a value is unknown or missing, or of another type.
    """
    for name, value in values.items():
        if name not in definitions:
            raise InputError(_unknown("the run", name, definitions))
        _check(f"parameter {name}", value, definitions[name].parameter_type)
    inputs = {}
    for name, definition in definitions.items():
        if name in values:
            inputs[name] = values[name]
        elif definition.default_value is not None or definition.is_optional:
            inputs[name] = definition.default_value
        else:
            raise InputError(f"parameter {name} has no default: give it one (--param {name}=…)")
    return inputs


def task_inputs(step: Step, inputs: Mapping[str, Any], constants: Constants) -> dict[str, Any]:
    """What the driver hands to the task, and the launcher's defaults for optional inputs that have no value.

    Args:
        inputs: the pipeline's, as `root_inputs` has them.

    Raises:
        InputError: an input is not declared, comes from nowhere, is missing, or is of another type.
    """
    definitions = step.component.input_definitions.parameters
    values = {}
    for name, source in step.task.inputs.parameters.items():
        if name not in definitions:
            raise InputError(_unknown(f"task {step.name}", name, definitions))
        if source.runtime_value is not None:
            value = _constant(step, name, source.runtime_value.constant, constants)
        else:
            value = _of_pipeline(step, name, str(source.component_input_parameter), inputs)
        if value is not None:
            values[name] = value
        elif not definitions[name].is_optional:
            raise InputError(f"task {step.name}: input {name} is null, and is not optional")
    return _complete(step, values)


def _complete(step: Step, values: dict[str, Any]) -> dict[str, Any]:
    for name, definition in step.component.input_definitions.parameters.items():
        where = f"task {step.name}: input {name}"
        if name in values:
            if definition.parameter_type == "STRING":
                values[name] = text(values[name])
            else:
                _check(where, values[name], definition.parameter_type)
        elif not definition.is_optional:
            # Not even with a default: the driver of 2.5.0 takes "" or fails, as it looks at the missing value's type.
            raise InputError(f"{where} has no value: the task must pass one, or the component call it optional")
        elif definition.default_value is not None:
            values[name] = definition.default_value
    return values


def _constant(step: Step, name: str, constant: Any, constants: Constants) -> Any:
    if constant == "{{$.pipeline_task_name}}":
        return step.title
    if isinstance(constant, str) and "{{$" in constant and constant not in constants:
        raise InputError(f"task {step.name}: input {name}: the rehearsal does not understand the constant {constant!r}")
    return constants.get(constant, constant) if isinstance(constant, str) else constant


def _of_pipeline(step: Step, name: str, source: str, inputs: Mapping[str, Any]) -> Any:
    if source not in inputs:
        raise InputError(_unknown(f"task {step.name}: input {name}", source, inputs))
    return inputs[source]


def _check(where: str, value: Any, kind: ParameterType) -> None:
    if not is_a(value, kind):
        raise InputError(f"{where}: its type is {kind}. Received: {value!r}")


def _unknown(where: str, name: str, known: Mapping[str, Any]) -> str:
    return f"{where}: no parameter is called {name!r}.{close_matches(name, known)} Parameters: {', '.join(known)}"
