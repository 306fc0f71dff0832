"""How an executor is run: in a child of the fork server with a log of its own, or in this process for a debugger."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Optional

from absl import logging as absl_logging
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
from pipeline.runners import failures, logs
from pipeline.runners.server import ChildDied, Send, Server, Usage

Report = Callable[[Mapping[str, progress.Value]], None]


@contextlib.contextmanager
def ended_with(pipelines: Pipelines) -> Iterator[None]:
    """Within, another process runs a step: where it dies, or is not waited for, its jobs end, too."""
    try:
        yield
    except (ChildDied, KeyboardInterrupt):
        job.end(pipelines)
        raise


class NodeExecutor:
    """Runs the executor of one node; the launcher gets it by `operators`.

    Attributes:
        usage: what the executor took, once it has ended in a child.
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
        try:
            with ended_with(pipelines):
                answer = self.server.call(
                    _in_child, spec, invocation, self.root, pipelines, self.log, self.gpu, receive=self.report
                )
        except ChildDied as died:
            raise failures.of_dead_child(died) from None
        self.usage = answer.usage
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


def _in_child(
    send: Send,
    spec: message.Message,
    invocation: bytes,
    root: str,
    pipelines: Pipelines,
    log: Optional[str],
    gpu: bool,
) -> bytes:
    if log is not None:
        logs.print_to(log)
    _log_to_stderr()
    if not gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    sys.argv[1:] = []  # executors take what stands there for flags of their own
    progress.set_sink(lambda fields: send(dict(fields)))
    info = ExecutionInfo.from_proto(ExecutionInvocation.FromString(invocation))
    try:
        return perform(spec, info, pipelines).SerializeToString()
    except BaseException as error:
        traceback.print_exc()
        raise failures.of_exception(error, root) from None
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _log_to_stderr() -> None:
    faulthandler.enable()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(logs.FORMAT))
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.INFO)
    absl_logging.set_verbosity(absl_logging.INFO)
