"""TFX's Tuner, with a place for what a search has found so far that outlives a failed execution."""

from typing import Any

from tfx import types
from tfx.components.tuner import component, executor
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import json_utils

from components.trainer import checkpoint_dir, execution_digest


class Executor(executor.Executor):
    """Calls tuner_fn with the folder for checkpoints as working_dir.

    Its custom_config gets `execution`, as in the Trainer, and `results`: the folder of the tuner_results artifact, for
    what the tuner wants to leave there.
    """

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        key = standard_component_specs.CUSTOM_CONFIG_KEY
        config = {
            **json_utils.loads(exec_properties[key]),
            "execution": execution_digest(exec_properties),
            "results": artifact_utils.get_single_uri(output_dict[standard_component_specs.TUNER_RESULTS_KEY]),
        }
        folder = checkpoint_dir(self._context)
        exec_properties = {**exec_properties, key: json_utils.dumps(config)}
        tuner = executor.search(input_dict, exec_properties, folder, print_tuning_summary=False)
        executor.write_best_hyperparameters(tuner, output_dict)
        fileio.rmtree(folder)


class Tuner(component.Tuner):
    """The component with that executor."""

    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
