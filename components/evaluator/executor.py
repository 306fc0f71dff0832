"""TFX's Evaluator, whose executor evaluates blocks of examples where TFX's evaluates rows."""

from collections.abc import Sequence
from typing import Any

import tensorflow_model_analysis as tfma
from absl import logging
from google.protobuf import json_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import types
from tfx.components.evaluator import component, executor
from tfx.components.util import examples_utils
from tfx.dsl.components.base import executor_spec
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils
from tfx.utils import io_utils, json_utils

from components import examples as example_files
from components import saved_signatures
from components.evaluator.blessing import bless
from components.evaluator.evaluation import Evaluation
from components.evaluator.slices_check import check_slices

_CODE = ("module_file", "module_path", "custom_eval_shared_model", "custom_extractors")
"""Properties that bring code which stands in for what TFX's executor does."""


class Executor(executor.Executor):
    """Looks at the slices, evaluates in blocks, and leaves what cannot be done so to TFX's executor."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """See TFX. Raises InputError for slices that do not fit the schema."""
        evaluation = _evaluation(input_dict, exec_properties)
        check_slices(evaluation.config, evaluation.schema)
        folder = artifact_utils.get_single_uri(output_dict["evaluation"])
        transform = evaluation.in_blocks(folder)
        if transform is None or _are_others(input_dict["examples"]) or any(map(exec_properties.get, _CODE)):
            super().Do(input_dict, output_dict, exec_properties)
            return
        self._log_startup(input_dict, output_dict, exec_properties)
        with self._make_beam_pipeline() as pipeline:
            _ = pipeline | "Evaluate" >> transform
        logging.info("Evaluation complete. Results written to %s.", folder)
        config = evaluation.config
        if tfma.metrics.metric_thresholds_from_metrics_specs(config.metrics_specs, eval_config=config):
            blessing = artifact_utils.get_single_instance(output_dict["blessing"])
            bless(blessing, folder, input_dict, exec_properties.get("current_component_id"))


def _evaluation(input_dict: dict[str, list[types.Artifact]], exec_properties: dict[str, Any]) -> Evaluation:
    """What TFX's executor makes of its inputs. A change threshold holds without a baseline, too."""
    baselines = input_dict.get("baseline_model") or []
    config = json_format.Parse(exec_properties["eval_config"], tfma.EvalConfig())
    config = tfma.utils.update_eval_config_with_defaults(config, has_baseline=bool(baselines), rubber_stamp=True)
    models = []
    for spec in config.model_specs:
        artifact = artifact_utils.get_single_instance(baselines if spec.is_baseline else input_dict["model"])
        path = saved_signatures.folder_of(artifact)
        models.append(tfma.default_eval_shared_model(path, model_name=spec.name, eval_config=config))
    schema = io_utils.get_only_uri_in_dir(artifact_utils.get_single_uri(input_dict["schema"]))
    splits = json_utils.loads(exec_properties.get("example_splits") or "null") or ["eval"]
    patterns = [example_files.pattern(each, split) for each in input_dict["examples"] for split in splits]
    return Evaluation(config, models, io_utils.parse_pbtxt_file(schema, schema_pb2.Schema()), patterns)


def _are_others(examples: Sequence[types.Artifact]) -> bool:
    """Whether there is anything else than tf.Examples in TFRecord files."""
    formats = {(examples_utils.get_payload_format(each), examples_utils.get_file_format(each)) for each in examples}
    return formats != {(example_gen_pb2.PayloadFormat.FORMAT_TF_EXAMPLE, "tfrecords_gzip")}


class Evaluator(component.Evaluator):
    """TFX's component."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
