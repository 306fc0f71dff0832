"""An evaluation from files of examples to files of metrics, as one Beam transform."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Optional

import apache_beam as beam
import tensorflow_model_analysis as tfma
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.extractors import slice_key_extractor, unbatch_extractor

from components.evaluator import reading
from components.evaluator.evaluating import computations_of, evaluator_of
from components.evaluator.needed import inputs_of, schema_of_needed

_OF_ROWS = (unbatch_extractor.UNBATCH_EXTRACTOR_STAGE_NAME, slice_key_extractor.SLICE_KEY_EXTRACTOR_STAGE_NAME)
"""TFMA's extractors that take batches apart."""


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What is evaluated and how, in TFMA's terms."""

    config: tfma.EvalConfig
    """With its defaults."""
    models: "Sequence[tfma.types.EvalSharedModel]"
    """In the order of the config's model_specs."""
    schema: schema_pb2.Schema
    patterns: Sequence[str]
    """Of TFRecord files of tf.Examples."""

    def in_blocks(self, folder: str) -> Optional[beam.PTransform]:
        """What writes the evaluation to a folder; None where rows have to be looked at one by one.

        Those are evaluations by query, with TFMA's own confidence intervals, with the metrics inside of a Keras model,
        and with metrics that want rows of their own making.
        """
        options = self.config.options
        by_query = any(spec.query_key for spec in self.config.metrics_specs)
        generic = all(model.model_type == constants.TF_GENERIC for model in self.models)
        if by_query or options.compute_confidence_intervals.value or not generic:
            return None
        computations = computations_of(self.config, self.schema)
        inputs = inputs_of(computations.non_derived_computations)
        return None if inputs is None else _EvaluateBlocks(self, computations, inputs, folder)


class _EvaluateBlocks(beam.PTransform):
    """TFMA's extractors up to the predictions, on blocks; then our evaluator; then TFMA's writers."""

    def __init__(self, evaluation: Evaluation, computations: Any, inputs: dict[str, Any], folder: str) -> None:
        super().__init__()
        self._evaluation, self._computations, self._inputs, self._folder = evaluation, computations, inputs, folder

    def expand(self, root: beam.pvalue.PBegin) -> Any:
        config, models = self._evaluation.config, list(self._evaluation.models)
        schema = schema_of_needed(
            self._evaluation.schema,
            config,
            [model.model_path for model in models],
            self._computations.non_derived_computations,
        )
        source = reading.source(self._evaluation.patterns, schema)
        extractors = tfma.default_extractors(
            eval_shared_model=models, eval_config=config, tensor_adapter_config=source.TensorAdapterConfig()
        )
        return (
            root
            | "Read" >> source.BeamSource()
            | "Cut" >> beam.ParDo(reading.Cut())
            | "Evaluate"
            >> tfma.ExtractEvaluateAndWriteResults(
                eval_shared_model=models[0] if len(models) == 1 else models,
                eval_config=config,
                extractors=[each for each in extractors if each.stage_name not in _OF_ROWS],
                evaluators=[evaluator_of(config, self._computations, self._inputs)],
                output_path=self._folder,
            )
        )
