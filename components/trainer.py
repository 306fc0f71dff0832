"""The executor of TFX's Trainer, with a place for checkpoints that outlives a failed execution.

The launcher deletes the outputs of an execution that fails, so checkpoints lie beside its artifacts:

    ROOT/artifacts/Trainer/model/7/...      the launcher's
    ROOT/checkpoints/RUN/Trainer/...        this one's
"""

import hashlib
import json
import os
from typing import Any

from tfx import types
from tfx.components.trainer import executor, fn_args_utils
from tfx.dsl.components.base import base_executor


def checkpoint_dir(context: base_executor.BaseExecutor.Context) -> str:
    """ROOT/checkpoints/RUN/NODE of an execution.

    The context knows no root, but a working directory ROOT/artifacts/NODE/.system/stateful_working_dir/...
    """
    node_dir = context.stateful_working_dir.split("/.system/")[0]
    root = os.path.dirname(os.path.dirname(node_dir))
    return os.path.join(root, "checkpoints", context.pipeline_run_id, os.path.basename(node_dir))


def execution_digest(exec_properties: dict[str, Any]) -> str:
    """A digest of all execution properties, sources included: a checkpoint of other code is none of this one's."""
    properties = json.dumps(exec_properties, sort_keys=True, default=str)
    return hashlib.sha256(properties.encode()).hexdigest()


class Executor(executor.GenericExecutor):
    """Calls run_fn with `checkpoints` and `execution` in its custom_config.

    `checkpoints` is the folder for checkpoints; `execution` the digest of the execution.
    """

    def _GetFnArgs(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> fn_args_utils.FnArgs:
        fn_args = super()._GetFnArgs(input_dict, output_dict, exec_properties)
        fn_args.custom_config = {
            **(fn_args.custom_config or {}),
            "checkpoints": checkpoint_dir(self._context),
            "execution": execution_digest(exec_properties),
        }
        return fn_args
