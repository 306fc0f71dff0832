"""The statistics of a config's newest span: those that a run has made of the same files, or else new ones."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ml_metadata
from ml_metadata.proto import metadata_store_pb2
from tfx.components.example_gen import utils
from tfx.components.statistics_gen.executor import DEFAULT_FILE_NAME
from tfx.orchestration import data_types

from components.drift.slices import whole
from components.example_gen import driver
from components.example_gen.settings import Settings, digest
from pipeline import ingestion
from pipeline.config import Config
from pipeline.layout import Layout
from pipeline.runners.connection import connection
from pipeline.runners.executor import beam_args
from pipeline.statistics.counting import Statistics, count
from pipeline.statistics.protos import read_rows

_Event = metadata_store_pb2.Event


@dataclass(frozen=True)
class Span:
    """A span's statistics by split, the training split first, without slices; `origin` says where they are from."""

    splits: Mapping[str, Statistics]
    origin: str

    @property
    def train(self) -> Statistics:
        """Of the training split."""
        return self.splits["train"]


def newest(config: Config) -> Span:
    """The statistics of the newest span, or of the one that the config names.

    Raises:
        InputError: there is no data, or it cannot be read; names file and line.
    """
    told = _resolved(config)
    files = _made(config, told)
    label = f"span {told[utils.SPAN_PROPERTY_NAME]}" if config.data.has_spans else "the data"
    made = read_rows(files)
    if "train" in made:
        return Span({name: _whole(found) for name, found in made.items()}, f"{label}, as a run has counted it")
    return Span(_computed(config, told), label)


def _resolved(config: Config) -> dict[str, Any]:
    """The properties of ExampleGen's execution, as its driver tells them: span, files, fingerprint."""
    told = dict(ingestion.example_gen(config).exec_properties)
    nowhere = data_types.PipelineInfo("", "")
    resolve = driver.Driver(None).resolve_exec_properties
    return resolve(told, nowhere, data_types.ComponentInfo("", "", nowhere))


def _made(config: Config, told: Mapping[str, Any]) -> dict[str, str]:
    """The files of statistics that a run has made of these files, read in this way, by split."""
    if not os.path.exists(Layout(config.root_path).store):
        return {}
    store = ml_metadata.MetadataStore(connection(config.root_path))
    node = store.get_context_by_type_and_name("node", f"{config.name}.ExampleGen")
    how = digest(told[driver.PATH], told[driver.FORMAT], json.loads(told[driver.SETTINGS]))
    same = {utils.FINGERPRINT_PROPERTY_NAME: str(told[utils.FINGERPRINT_PROPERTY_NAME]), driver.INGESTION: how}
    examples = [
        each.id
        for each in (store.get_artifacts_by_context(node.id) if node else ())
        if all(each.custom_properties[name].string_value == value for name, value in same.items())
    ]
    users = {each.execution_id for each in store.get_events_by_artifact_ids(examples) if each.type == _Event.INPUT}
    made = {each.artifact_id for each in store.get_events_by_execution_ids(users) if each.type == _Event.OUTPUT}
    statistics = [each for each in store.get_artifacts_by_id(made) if each.type == "ExampleStatistics"]
    for artifact in sorted(statistics, key=lambda each: -int(each.id)):
        files = {name: f"{artifact.uri}/Split-{name}/{DEFAULT_FILE_NAME}" for name in config.data.split_names}
        if artifact.state == metadata_store_pb2.Artifact.LIVE and os.path.isfile(files["train"]):
            return {name: file for name, file in files.items() if os.path.isfile(file)}
    return {}


def _computed(config: Config, told: dict[str, Any]) -> dict[str, Statistics]:
    settings = Settings.of(told[driver.FORMAT], json.loads(told[driver.SETTINGS]))
    found = count(driver.input_pattern(told), settings, beam_args(config.beam))
    return {name: _whole(each) for name, each in found.items()}


def _whole(found: Statistics) -> Statistics:
    return Statistics(datasets=[whole(found)])
