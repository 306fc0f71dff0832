"""PredictionDrift as the graph sees it: what one model says of this span and of the one before, and their labels.

Both sides are read by the model of this run, so that only the data differs. Labels that are computed stand in no
column of the data: the model's signature `transform_labels` has them. Both are taken of a split that the model has not
been trained on.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional

import numpy as np
import pyarrow as pa
import tensorflow_data_validation as tfdv
from tfx import types
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.types import artifact_utils, component_spec, standard_artifacts
from tfx.types.system_executions import Process

from components import examples as example_files
from components import saved_model, saved_signatures
from components.artifacts import DriftReports
from components.batches import batches
from components.drift import written
from components.drift.compare import Role
from components.drift.comparing import Data, left_out
from components.drift.report import Side, report
from components.drift.written import PendingComparison
from components.errors import InputError
from components.signatures import label_key
from components.spans import newest_first, span_of
from components.statistics import direct
from components.statistics.slices import whole

_CLASSES, _SPLIT, _BUCKETS = "classes", "split", "quantile_buckets"
Classes = Mapping[str, Optional[Sequence[str]]]
"""The classes of each head, by its name; None for a regression."""


class Executor(base_executor.BaseExecutor):
    """Writes `result.json`, and a folder with the report."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Raises InputError where the model cannot read the examples of this span."""
        model = saved_model.Model(saved_signatures.folder_of(artifact_utils.get_single_instance(input_dict["model"])))
        classes: Classes = json.loads(exec_properties[_CLASSES])
        options = tfdv.StatsOptions(num_quantiles_histogram_buckets=exec_properties[_BUCKETS])

        def answers(examples: types.Artifact) -> Data:
            split, span = exec_properties[_SPLIT], span_of(examples)
            files = example_files.files(examples, split)
            found = direct.statistics(_answers(model, files, classes), options)
            rows = int(whole(found).num_examples)
            return Data(
                Side(f"span {span}, predictions", artifact_utils.get_split_uri([examples], split), rows, span), found
            )

        current = answers(artifact_utils.get_single_instance(input_dict["examples"]))
        earlier = newest_first(input_dict.get("earlier") or ())
        try:
            baseline = answers(earlier[0]) if earlier else None
        except InputError as error:
            # Of a span that was ingested long ago, whose columns need not have the types of today's.
            wanted = f"span {span_of(earlier[0])}"
            compared = PendingComparison("predictions", current.side, None, wanted, f"{wanted}: {error}")
        else:
            compared = _compared(baseline, current, classes)
        compared = dataclasses.replace(compared, notes=left_out(input_dict.get("refused") or ()))
        written.write([compared], artifact_utils.get_single_uri(output_dict["reports"]), current.side.span)


def _compared(baseline: Optional[Data], current: Data, classes: Classes) -> PendingComparison:
    if baseline is None:
        return PendingComparison("predictions", current.side, None, "earlier span")
    labels = {label_key(head) for head in classes}
    names = {feature.path.step[0] for each in (baseline, current) for feature in whole(each.statistics).features}
    roles: dict[str, Role] = {name: "label" if name in labels else "prediction" for name in names}
    sides = (baseline.side, baseline.statistics), (current.side, current.statistics)
    return PendingComparison("predictions", current.side, report(*sides, None, "drift", roles))


def _answers(model: saved_model.Model, files: Sequence[str], classes: Classes) -> Iterator[pa.RecordBatch]:
    """Predictions and labels, a column each."""
    for records in batches(example_files.records(files), model.batch):
        labels = model.labels(records)
        columns = {name: _column(values) for name, values in model.of_examples(records).items()}
        for head, names in classes.items():
            if label_key(head) in labels:
                columns[label_key(head)] = _labels(labels[label_key(head)], names)
        yield pa.RecordBatch.from_pydict(columns)


def _labels(values: np.ndarray, classes: Optional[Sequence[str]]) -> pa.Array:
    """Class ids by the names of their classes; what is no class, and no number, is missing."""
    flat = values.reshape(-1)
    if classes is None:
        return _column(flat)
    # Of a head that takes its classes from the data, only the ids are known here.
    names = dict(enumerate(classes))
    texts = [[names.get(each, str(each)).encode()] if each >= 0 else None for each in flat.tolist()]
    return pa.array(texts, pa.list_(pa.binary()))


def _column(values: np.ndarray) -> pa.Array:
    if values.dtype.kind in "OS":
        return pa.array([[each] for each in values.tolist()], pa.list_(pa.binary()))
    return pa.array([None if np.isnan(each) else [each] for each in values.tolist()], pa.list_(pa.float32()))


class PredictionDriftSpec(types.ComponentSpec):
    """A model and examples of two spans in, a report out."""

    PARAMETERS = {
        _CLASSES: component_spec.ExecutionParameter(type=str),
        _SPLIT: component_spec.ExecutionParameter(type=str),
        _BUCKETS: component_spec.ExecutionParameter(type=int),
    }
    INPUTS = {
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model),
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "earlier": component_spec.ChannelParameter(type=standard_artifacts.Examples, optional=True),
        "refused": component_spec.ChannelParameter(type=standard_artifacts.ExampleStatistics, optional=True),
    }
    OUTPUTS = {"reports": component_spec.ChannelParameter(type=DriftReports)}
    TYPE_ANNOTATION = Process


class PredictionDrift(base_component.BaseComponent):
    """Compares the predictions of one model, and the labels, of two spans."""

    SPEC_CLASS = PredictionDriftSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        model: types.BaseChannel,
        examples: types.BaseChannel,
        earlier: types.BaseChannel,
        refused: types.BaseChannel,
        classes: Classes,
        split: str,
        quantile_buckets: int,
    ) -> None:
        """Args:
        model: of this run.
        examples: of this run.
        earlier: examples of earlier spans; those of the newest are the baseline.
        refused: statistics of spans that are none of these, as a gate stopped their runs.
        classes: of the heads.
        split: of the examples of both sides.
        quantile_buckets: of the statistics.
        """
        super().__init__(
            PredictionDriftSpec(
                model=model,
                examples=examples,
                earlier=earlier,
                refused=refused,
                classes=json.dumps(
                    {head: list(names) if names is not None else None for head, names in classes.items()}
                ),
                split=split,
                quantile_buckets=quantile_buckets,
                reports=types.Channel(type=DriftReports),
            )
        )
