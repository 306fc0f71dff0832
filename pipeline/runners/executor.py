"""How an executor is run: in a child of the fork server with a log of its own, or in this process for a debugger."""

from __future__ import annotations

from typing import Any, Optional

from google.protobuf import message
from ml_metadata.proto.metadata_store_pb2 import Value
from tfx.orchestration.portable.base_executor_operator import BaseExecutorOperator
from tfx.orchestration.portable.beam_executor_operator import BeamExecutorOperator
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.orchestration.portable.python_executor_operator import PythonExecutorOperator
from tfx.proto.orchestration.executable_spec_pb2 import BeamExecutableSpec, PythonClassExecutableSpec
from tfx.proto.orchestration.execution_invocation_pb2 import ExecutionInvocation
from tfx.proto.orchestration.execution_result_pb2 import ExecutorOutput
from tfx.proto.orchestration.placeholder_pb2 import PlaceholderExpression

from components import progress
from pipeline.beam import Pipelines
from pipeline.flink import job
from pipeline.runners import process
from pipeline.runners.process import Place, Report
from pipeline.runners.server import Server, Usage


class NodeExecutor:
    """Runs the executor of one node; the launcher gets it by `operators`.

    Attributes:
        usage: what the executor took, once it has ended in a child.
        waited: seconds until it was begun.
    """

    def __init__(
        self,
        server: Optional[Server],
        root: str,
        pipelines: Pipelines,
        log: Optional[str],
        gpu: bool,
        report: Report,
    ) -> None:
        """Args:
        server: where executors are run; None is here.
        root: what to name when its disk is full.
        pipelines: how Beam pipelines are run.
        log: where a child's output goes; None leaves it as the server made it.
        gpu: whether the executor may see the GPU.
        """
        self.server = server
        self.root = root
        self.pipelines = pipelines
        self.log = log
        self.gpu = gpu
        self.report = report
        self.usage: Optional[Usage] = None
        self.waited = 0.0

    @property
    def operators(self) -> dict[Any, Any]:
        """For the launcher's custom_executor_operators."""
        return dict.fromkeys((PythonClassExecutableSpec, BeamExecutableSpec), self._operator)

    def _operator(self, executor_spec: message.Message, platform_config: Optional[message.Message] = None) -> _Operator:
        operator = _Operator(executor_spec, platform_config)
        operator.node_executor = self
        return operator

    def run(self, spec: message.Message, info: ExecutionInfo) -> ExecutorOutput:
        """Run one executor.

        Raises:
            MillraceError: it failed.
        """
        if self.server is None:
            progress.set_sink(self.report)
            return perform(spec, info, self.pipelines)
        invocation = info.to_proto().SerializeToString()
        pipelines = self.pipelines if isinstance(spec, BeamExecutableSpec) else Pipelines(())
        place = Place(self.root, log=self.log, gpu=self.gpu)
        answer = process.call(self.server, place, pipelines, self.report, _performed, spec, invocation, pipelines)
        self.usage, self.waited = answer.usage, answer.waited
        return ExecutorOutput.FromString(answer.value)


class _Operator(BaseExecutorOperator):
    """What the launcher sees of a NodeExecutor."""

    SUPPORTED_EXECUTOR_SPEC_TYPE = [PythonClassExecutableSpec, BeamExecutableSpec]
    SUPPORTED_PLATFORM_CONFIG_TYPE: list[Any] = []
    node_executor: NodeExecutor

    def run_executor(self, execution_info: ExecutionInfo) -> ExecutorOutput:
        """Called by the launcher between driver and publisher."""
        return self.node_executor.run(self._executor_spec, execution_info)


def perform(spec: message.Message, info: ExecutionInfo, pipelines: Pipelines) -> ExecutorOutput:
    """Run the executor that `spec` names, in this process."""
    if isinstance(spec, PythonClassExecutableSpec):
        return PythonExecutorOperator(spec).run_executor(info)
    operator = BeamExecutorOperator(spec)
    operator.beam_pipeline_args += [PlaceholderExpression(value=Value(string_value=arg)) for arg in pipelines.args]
    with job.running(pipelines):
        return operator.run_executor(info)


def _performed(spec: message.Message, invocation: bytes, pipelines: Pipelines) -> bytes:
    """`perform`, from what can travel to what can travel."""
    info = ExecutionInfo.from_proto(ExecutionInvocation.FromString(invocation))
    return perform(spec, info, pipelines).SerializeToString()
