"""Drift as the graph sees it: all comparisons of data that can be made before anything is trained, in one node."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import pydantic
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import types
from tfx.dsl.components.base import base_beam_component, base_beam_executor, executor_spec
from tfx.types import artifact_utils, component_spec, standard_artifacts
from tfx.types.system_executions import Process
from tfx.utils import io_utils

from components import statistics_gen
from components.artifacts import DriftReports
from components.drift import comparing, types_in, written
from components.drift.comparing import TRAIN, Comparer, Data
from components.drift.rows import Rows
from components.drift.written import PendingComparison
from components.spans import newest_first, span_of
from components.statistics.paths import split_file

_SETTINGS = "settings"
Artifacts = Mapping[str, Sequence[types.Artifact]]


class Settings(pydantic.BaseModel, frozen=True, extra="forbid"):
    """What is compared, and how."""

    spans: bool
    """Whether the data comes in spans."""
    previous: bool
    """The span against the one before it."""
    window: int
    """The span against so many before it, put together; 0 is not at all."""
    splits: tuple[str, ...]
    """Splits that are held against train."""
    labels: tuple[str, ...]
    """Columns that are labels."""
    key: tuple[str, ...]
    """Columns that tell which rows of training and serving data are the same."""
    rows: int
    """How many rows are shown as examples."""
    stats_options: str
    """TFDV's, as JSON: those of the statistics."""
    without: tuple[str, ...]
    """Columns that the statistics leave out."""


class Executor(base_beam_executor.BaseBeamExecutor):
    """Writes `result.json`, and a folder with the report of each comparison."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Raises InputError where the schema's tags are wrong."""
        settings = Settings.model_validate_json(exec_properties[_SETTINGS])
        folder = artifact_utils.get_single_uri(output_dict["reports"])
        schema_file = io_utils.get_only_uri_in_dir(artifact_utils.get_single_uri(input_dict["schema"]))
        schema = io_utils.parse_pbtxt_file(schema_file, schema_pb2.Schema())
        rows = Rows(settings.key, settings.rows, settings.without, folder, tuple(self._beam_pipeline_args or ()))
        comparer = Comparer(schema, settings.labels, settings.rows, rows.find)
        found = [
            *self._of_spans(settings, comparer, input_dict, folder),
            *_of_splits(settings, comparer, input_dict),
            *_of_serving(settings, comparer, input_dict, rows),
        ]
        span = int(artifact_utils.get_single_instance(input_dict["statistics"]).span) if settings.spans else None
        written.write(found, folder, span)

    def _of_spans(
        self, settings: Settings, comparer: Comparer, inputs: Artifacts, folder: str
    ) -> list[PendingComparison]:
        current = _span(inputs["statistics"][0], _pattern(inputs, "examples", TRAIN))
        found = []
        if settings.previous:
            earlier = newest_first(inputs.get("earlier") or ())
            found.append(comparing.previous(comparer, current, [_span(each) for each in earlier]))
        if settings.window:
            examples = newest_first(inputs.get("earlier_examples") or ())[: settings.window]
            found.append(self._of_window(settings, comparer, current, examples, folder))
        notes = comparing.left_out(inputs.get("refused") or ())
        return [dataclasses.replace(each, notes=notes) for each in found]

    def _of_window(
        self, settings: Settings, comparer: Comparer, current: Data, examples: Sequence[types.Artifact], folder: str
    ) -> PendingComparison:
        try:
            earlier = self._together(settings, examples, folder)
        except (RuntimeError, TypeError, ValueError):
            # What TFDV, Arrow and tfx_bsl raise for a column whose type is another from span to span, among much else.
            changed = types_in.changed(examples, TRAIN, settings.without)
            if not changed:
                raise
            why = f"{_named(examples)} cannot be counted together: {'; '.join(changed)}"
            return PendingComparison("window", current.side, None, _named(examples), why)
        return comparing.window(comparer, current, earlier)

    def _together(self, settings: Settings, examples: Sequence[types.Artifact], folder: str) -> Optional[Data]:
        """The statistics of several spans: quantiles cannot be added up, so that the examples are counted again."""
        if not examples:
            return None
        place = os.path.join(folder, "window")
        paths = {TRAIN: split_file(place, TRAIN)}
        options = tfdv.StatsOptions.from_json(settings.stats_options)
        statistics_gen.write(examples, paths, options, settings.without, self._make_beam_pipeline)
        found = comparing.load(place, TRAIN, _named(examples))
        # What was counted lies where this node writes, elsewhere whenever it runs: it is the examples that stay.
        sources = ", ".join(artifact_utils.get_split_uri([each], TRAIN) for each in examples)
        return dataclasses.replace(found, side=dataclasses.replace(found.side, source=sources))


def _named(examples: Sequence[types.Artifact]) -> str:
    """The spans of examples, of which the newest come first."""
    spans = [span_of(each) for each in examples]
    return f"spans {spans[-1]} to {spans[0]}" if spans[1:] else f"span {spans[0]}"


def _span(statistics: types.Artifact, examples: str = "") -> Data:
    return comparing.load(statistics.uri, TRAIN, f"span {statistics.span}", int(statistics.span), examples)


def _pattern(inputs: Artifacts, key: str, split: str) -> str:
    """The files of a split, or of all splits by "*"; "" where the node does not get them."""
    found = inputs.get(key)
    return os.path.join(found[0].uri, f"Split-{split}", "*") if found else ""


def _of_splits(settings: Settings, comparer: Comparer, inputs: Artifacts) -> list[PendingComparison]:
    if not settings.splits:
        return []
    uri = inputs["statistics"][0].uri
    train = comparing.load(uri, TRAIN, f"split {TRAIN}")
    others = [
        (split, comparing.load(uri, split, f"split {split}", None, _pattern(inputs, "examples", split)))
        for split in settings.splits
    ]
    return [PendingComparison(split, other.side, comparer.report(train, other)) for split, other in others]


def _of_serving(settings: Settings, comparer: Comparer, inputs: Artifacts, rows: Rows) -> list[PendingComparison]:
    if not inputs.get("serving"):
        return []
    statistics = inputs["statistics"][0]
    span = int(statistics.span) if settings.spans else None
    training = comparing.load(statistics.uri, TRAIN, "training data", span, _pattern(inputs, "examples", "*"))
    serving_examples = _pattern(inputs, "serving_examples", TRAIN)
    serving = comparing.load(inputs["serving"][0].uri, TRAIN, "serving data", None, serving_examples)
    report = comparer.skew(training, serving)
    joined = rows.skew(training, serving, comparer.not_served(serving)) if settings.key else None
    return [PendingComparison("serving", serving.side, dataclasses.replace(report, row_skew=joined))]


class DriftSpec(types.ComponentSpec):
    """Statistics and what they are held against in, reports out."""

    PARAMETERS = {_SETTINGS: component_spec.ExecutionParameter(type=str)}
    INPUTS = {
        "statistics": component_spec.ChannelParameter(type=standard_artifacts.ExampleStatistics),
        "schema": component_spec.ChannelParameter(type=standard_artifacts.Schema),
        "earlier": component_spec.ChannelParameter(type=standard_artifacts.ExampleStatistics, optional=True),
        "earlier_examples": component_spec.ChannelParameter(type=standard_artifacts.Examples, optional=True),
        "refused": component_spec.ChannelParameter(type=standard_artifacts.ExampleStatistics, optional=True),
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples, optional=True),
        "serving_examples": component_spec.ChannelParameter(type=standard_artifacts.Examples, optional=True),
        "serving": component_spec.ChannelParameter(type=standard_artifacts.ExampleStatistics, optional=True),
    }
    OUTPUTS = {"reports": component_spec.ChannelParameter(type=DriftReports)}
    TYPE_ANNOTATION = Process


class Drift(base_beam_component.BaseBeamComponent):
    """Compares the statistics of a run's data with those of other data."""

    SPEC_CLASS = DriftSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        statistics: types.BaseChannel,
        schema: types.BaseChannel,
        settings: Settings,
        earlier: Optional[types.BaseChannel] = None,
        earlier_examples: Optional[types.BaseChannel] = None,
        refused: Optional[types.BaseChannel] = None,
        serving: Optional[types.BaseChannel] = None,
        examples: Optional[types.BaseChannel] = None,
        serving_examples: Optional[types.BaseChannel] = None,
    ) -> None:
        """Args:
        statistics: of this run.
        schema: whose comparators are the thresholds.
        settings: what to compare.
        earlier: statistics of earlier spans.
        earlier_examples: the examples of earlier spans, for a window.
        refused: statistics of spans that are none of these, as a gate stopped their runs.
        serving: statistics of serving data, all in one split.
        examples: of this run, where rows are to be looked at.
        serving_examples: the same of serving data.
        """
        super().__init__(
            DriftSpec(
                statistics=statistics,
                schema=schema,
                settings=settings.model_dump_json(),
                earlier=earlier,
                earlier_examples=earlier_examples,
                refused=refused,
                serving=serving,
                examples=examples,
                serving_examples=serving_examples,
                reports=types.Channel(type=DriftReports),
            )
        )
