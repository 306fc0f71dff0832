"""Which columns an evaluation looks at. A model that takes serialised examples needs none of them decoded."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional

import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.metrics import metric_types
from tensorflow_model_analysis.proto import config_pb2

from components.evaluator.slicing import columns_of, specs_of


def schema_of_needed(
    schema: schema_pb2.Schema,
    eval_config: config_pb2.EvalConfig,
    model_paths: Sequence[str],
    computations: Sequence[metric_types.MetricComputation],
) -> schema_pb2.Schema:
    """The part of a schema that is to be decoded; all of it where a model takes columns, or tensors of several."""
    takes_records = all(map(_takes_records, model_paths, eval_config.model_specs))
    if schema.tensor_representation_group or not takes_records:
        return schema
    names = [each.name for each in schema.feature]
    needed = {*_of_models(eval_config), *_of_slices(eval_config, names), *_of_metrics(computations, names)}
    return schema_pb2.Schema(feature=[each for each in schema.feature if each.name in needed])


def _takes_records(path: str, spec: config_pb2.ModelSpec) -> bool:
    """Whether all signatures that are called take one tensor, of text; where names are missing, TFMA looks for more."""
    signatures = _signatures(path)
    called = [spec.signature_name, *(spec.preprocessing_function_names or [""])]
    return all(name in signatures and _is_text(signatures[name]) for name in called)


def _signatures(path: str) -> Mapping[str, meta_graph_pb2.SignatureDef]:
    with tf.io.gfile.GFile(os.path.join(path, tf.saved_model.SAVED_MODEL_FILENAME_PB), "rb") as file:
        [graph] = saved_model_pb2.SavedModel.FromString(file.read()).meta_graphs
    return graph.signature_def


def _is_text(signature: meta_graph_pb2.SignatureDef) -> bool:
    return [each.dtype for each in signature.inputs.values()] == [tf.string.as_datatype_enum]


def _of_models(eval_config: config_pb2.EvalConfig) -> Iterator[str]:
    """The columns of labels, weights and predictions, unless they are what a signature makes."""
    for spec in eval_config.model_specs:
        yield from (spec.label_key, spec.example_weight_key, spec.prediction_key)
        for keys in (spec.label_keys, spec.example_weight_keys, spec.prediction_keys):
            yield from keys.values()


def _of_slices(eval_config: config_pb2.EvalConfig, names: Sequence[str]) -> Iterator[str]:
    """Columns of slices; of SQL all that it could mean."""
    for spec in specs_of(eval_config):
        yield from columns_of(spec)
    for spec in eval_config.slicing_specs:
        sql = spec.slice_keys_sql.replace("\\", "").lower()
        yield from (name for name in names if sql and ("*" in sql or name.replace("\\", "").lower() in sql))


def _of_metrics(computations: Sequence[metric_types.MetricComputation], names: Sequence[str]) -> Iterator[str]:
    for each in computations:
        for preprocessor in each.preprocessors:
            wanted: Mapping[str, Any] = preprocessor.include_filter
            for key in (constants.FEATURES_KEY, constants.TRANSFORMED_FEATURES_KEY):
                yield from (wanted[key] or names) if key in wanted else ()


def inputs_of(computations: Sequence[metric_types.MetricComputation]) -> Optional[dict[str, Any]]:
    """What metrics want of the extracts, as TFMA's filter; None where one makes its own out of whole rows."""
    plain = metric_types.StandardMetricInputsPreprocessor
    preprocessors = [each.preprocessors or [plain()] for each in computations]
    if not all(len(some) == 1 and type(some[0]) is plain for some in preprocessors):
        return None
    together = metric_types.StandardMetricInputsPreprocessorList([some[0] for some in preprocessors])
    return dict(together.include_filter)
