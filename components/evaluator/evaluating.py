"""TFMA's evaluation of metrics and plots, over blocks of examples.

What is computed of the combined accumulators (derived metrics, differences to a baseline, validations) is TFMA's own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.api import types
from tensorflow_model_analysis.evaluators import evaluator, metrics_validator
from tensorflow_model_analysis.evaluators import metrics_plots_and_validations_evaluator as stock
from tensorflow_model_analysis.extractors import extractor
from tensorflow_model_analysis.metrics import metric_specs, metric_types
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.slicer import slicer_lib
from tensorflow_model_analysis.utils import model_util, util

from components.evaluator import combiners, slicing
from components.metrics.rows import Block, Rows

_KEYED_BY = {
    constants.METRICS_KEY: metric_types.MetricKey,
    constants.PLOTS_KEY: metric_types.PlotKey,
    constants.ATTRIBUTIONS_KEY: metric_types.AttributionsKey,
}


def computations_of(eval_config: config_pb2.EvalConfig, schema: schema_pb2.Schema) -> stock.MetricComputations:
    """What is computed of rows, and what of that."""
    specs = metric_specs.to_computations(list(eval_config.metrics_specs), eval_config=eval_config, schema=schema)
    return stock._filter_and_separate_computations(specs)


def evaluator_of(
    eval_config: config_pb2.EvalConfig, computations: stock.MetricComputations, inputs: Mapping[str, Any]
) -> evaluator.Evaluator:
    """TFMA's evaluator of batches; `inputs` is what metrics want, as TFMA's filter."""
    return evaluator.Evaluator(
        stage_name="EvaluateMetricsAndPlots",
        run_after=extractor.LAST_EXTRACTOR_STAGE_NAME,
        ptransform=_Evaluate(eval_config, computations, inputs),
    )


class _Evaluate(beam.PTransform):
    """From extracts of blocks to metrics, plots, attributions and validations, each by slice."""

    def __init__(
        self,
        eval_config: config_pb2.EvalConfig,
        computations: stock.MetricComputations,
        inputs: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self._eval_config, self._computations, self._inputs = eval_config, computations, inputs

    def expand(self, extracts: "beam.PCollection[types.Extracts]") -> Any:
        slices = extracts | "Slice" >> beam.ParDo(_Slice(self._eval_config, self._inputs))
        found = (
            slices
            | "Combine" >> beam.CombinePerKey(_Combine(self._computations.non_derived_computations))
            | "Derive" >> self._derived()
            | "DeriveIntervals" >> beam.Map(stock._add_ci_derived_metrics, self._computations.ci_derived_computations)
            | "RemovePrivate" >> beam.MapTuple(stock._remove_private_metrics)
        )
        smallest = self._eval_config.options.min_slice_size.value
        if smallest > 1:
            counts = slices | "Lengths" >> beam.MapTuple(_length) | "Count" >> beam.CombinePerKey(sum)
            found = found | "FilterSmall" >> slicer_lib.FilterOutSlices(counts, smallest)
        by_kind = {
            name: found | f"Filter_{name}" >> beam.Map(stock._filter_by_key_type, key)
            for name, key in _KEYED_BY.items()
        }
        validations = by_kind[constants.METRICS_KEY] | "Validate" >> beam.Map(
            metrics_validator.validate_metrics, self._eval_config
        )
        return {**by_kind, constants.VALIDATIONS_KEY: validations}

    def _derived(self) -> beam.PTransform:
        baseline = model_util.get_baseline_model_spec(self._eval_config)
        return stock._AddDerivedCrossSliceAndDiffMetrics(
            self._computations.derived_computations,
            self._computations.cross_slice_computations,
            list(self._eval_config.cross_slicing_specs),
            baseline.name if baseline else None,
        )


class _Slice(beam.DoFn):
    """From the extracts of a block to its rows in each slice."""

    def __init__(self, eval_config: config_pb2.EvalConfig, inputs: Mapping[str, Any]) -> None:
        self._specs = slicing.specs_of(eval_config)
        several = len(eval_config.model_specs) > 1
        self._models = [spec.name for spec in eval_config.model_specs] if several else []
        self._inputs = inputs

    def process(self, extracts: types.Extracts) -> "Iterator[tuple[slicer_lib.SliceKeyType, Rows]]":
        size = len(extracts[constants.INPUT_KEY])
        block = Block(util.include_filter(self._inputs, extracts), size)
        for key, rows in slicing.rows_by_slice(self._specs, extracts, self._models, size).items():
            yield key, Rows(block, rows)


class _Combine(stock._ComputationsCombineFn):
    """TFMA's combiners of all metrics, with rows for an input."""

    def __init__(self, computations: Sequence[metric_types.MetricComputation]) -> None:
        super().__init__(list(computations))

    def add_input(self, accumulator: Sequence[Any], rows: Rows) -> Sequence[Any]:
        return tuple(
            combiners.add(combiner, each, rows) for combiner, each in zip(self._combiners, accumulator, strict=True)
        )

    def merge_accumulators(self, accumulators: "Iterable[Sequence[Any]]") -> Sequence[Any]:
        by_combiner = zip(*accumulators, strict=True)
        return [combiners.merge(combiner, each) for combiner, each in zip(self._combiners, by_combiner, strict=True)]


def _length(key: slicer_lib.SliceKeyType, rows: Rows) -> "tuple[slicer_lib.SliceKeyType, int]":
    return key, len(rows)
