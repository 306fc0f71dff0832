"""Document 1: the PipelineSpec (api/v2alpha1/pipeline_spec.proto), as far as it is rehearsed.

One flat DAG of container tasks. No sub-DAGs, exit handlers, conditions, loops, importers, artifacts as inputs, output
parameters; and no cache of KFP's own.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Union

import pydantic

from pipeline.rehearsal.message import Message
from pipeline.rehearsal.quantities import Quantity

ParameterType = Literal["STRING", "NUMBER_INTEGER", "NUMBER_DOUBLE", "BOOLEAN", "LIST", "STRUCT"]
_DURATION = re.compile(r"(\d+)(?:\.\d+)?s")


def _seconds(text: object) -> int:
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(f"a duration is written like '10s'. Received: {text!r}")
    return int(found[1])


Seconds = Annotated[int, pydantic.BeforeValidator(_seconds)]
"""A google.protobuf.Duration. The backend cuts fractions off (argocompiler/container.go, getTaskRetryStrategy)."""


class PipelineInfo(Message):
    """What the pipeline is called."""

    name: str = pydantic.Field(min_length=1)
    display_name: str = ""
    description: str = ""


class Parameter(Message):
    """An input of a component."""

    parameter_type: ParameterType
    default_value: Any = None
    is_optional: bool = False
    description: str = ""


class Inputs(Message):
    """The inputs that a component declares."""

    parameters: dict[str, Parameter] = {}


class ArtifactType(Message):
    """What kind of artifact KFP's UI shows."""

    schema_title: str
    schema_version: str = ""


class Artifact(Message):
    """An output artifact that a component declares."""

    artifact_type: ArtifactType
    metadata: dict[str, Any] = {}
    description: str = ""


class Outputs(Message):
    """The outputs that a component declares."""

    artifacts: dict[str, Artifact] = {}


class RuntimeValue(Message):
    """A constant; some of them stand for something that only the run knows."""

    constant: Any


class TaskInput(Message):
    """Where an input of a task comes from: a parameter of the pipeline or a constant."""

    component_input_parameter: Union[str, None] = None
    runtime_value: Union[RuntimeValue, None] = None

    @pydantic.model_validator(mode="after")
    def _one(self) -> TaskInput:
        if (self.component_input_parameter is None) == (self.runtime_value is None):
            raise ValueError("an input has either componentInputParameter or runtimeValue")
        return self


class TaskInputs(Message):
    """Where the inputs of a task come from."""

    parameters: dict[str, TaskInput] = {}


class TaskInfo(Message):
    """What KFP's UI calls the task."""

    name: str = pydantic.Field(min_length=1)


class ComponentRef(Message):
    """The component of a task, by its key in `components`."""

    name: str


class Caching(Message):
    """KFP's own cache, which is off: the nodes have TFX's."""

    enable_cache: Literal[False] = False


class RetryPolicy(Message):
    """How a failed container is started again; `retries` says what Argo makes of it."""

    max_retry_count: int = pydantic.Field(default=0, ge=0)
    backoff_duration: Seconds = 0
    backoff_factor: float = pydantic.Field(default=0, ge=0)
    backoff_max_duration: Union[Seconds, None] = None


class Task(Message):
    """One task of the DAG."""

    task_info: TaskInfo
    component_ref: ComponentRef
    dependent_tasks: tuple[str, ...] = ()
    inputs: TaskInputs = TaskInputs()
    caching_options: Caching = Caching()
    retry_policy: Union[RetryPolicy, None] = None


class Dag(Message):
    """The tasks by their names."""

    tasks: dict[str, Task] = pydantic.Field(min_length=1)


class Component(Message):
    """What a task runs: the label of an executor, and what goes in and out."""

    input_definitions: Inputs = Inputs()
    output_definitions: Outputs = Outputs()
    executor_label: str


class Root(Message):
    """The pipeline itself: its parameters and its tasks."""

    input_definitions: Inputs = Inputs()
    dag: Dag


class Variable(Message):
    """An environment variable of a container."""

    name: str = pydantic.Field(min_length=1)
    value: str = ""


class Accelerator(Message):
    """Devices of a container."""

    type: str = ""
    count: int = 0
    resource_type: str = ""
    resource_count: str = ""


class Resources(Message):
    """Limits and requests. The texts, which the backend knows from 2.5, take the place of the numbers (cores, GB)."""

    cpu_limit: float = 0
    cpu_request: float = 0
    memory_limit: float = 0
    memory_request: float = 0
    accelerator: Union[Accelerator, None] = None
    resource_cpu_limit: Quantity = ""
    resource_cpu_request: Quantity = ""
    resource_memory_limit: Quantity = ""
    resource_memory_request: Quantity = ""


class Container(Message):
    """What a pod's main container runs."""

    image: str = pydantic.Field(min_length=1)
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[Variable, ...] = ()
    resources: Resources = Resources()


class Executor(Message):
    """How a component is run: always in a container."""

    container: Container


class Deployment(Message):
    """The executors by their labels."""

    executors: dict[str, Executor]


class Pipeline(Message):
    """The whole document. The backend takes this schema version only (apiserver/template/v2_template.go)."""

    pipeline_info: PipelineInfo
    schema_version: Literal["2.1.0"]
    sdk_version: str = ""
    components: dict[str, Component]
    deployment_spec: Deployment
    root: Root
