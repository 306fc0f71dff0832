"""The statistics of a config's newest span: those that a run has made of the same files, or else new ones."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.artifacts import SPAN
from components.errors import InputError
from components.example_gen import driver
from components.example_gen.settings import Settings
from components.spans import INGESTION, ingestion
from components.statistics.files import Statistics, read_rows
from components.statistics.slices import whole
from pipeline.beam import here
from pipeline.config import Config
from pipeline.nodes.ingestion import example_gen
from pipeline.statistics.counted import counted
from pipeline.statistics.splits import count


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
        InputError: there is no data, none of it is in the training split, or it cannot be read; names file and line.
    """
    properties = _resolved(config)
    files = _made(config, properties)
    label = f"span {properties[SPAN]}" if config.data.has_spans else "the data"
    made = read_rows(files)
    if "train" in made:
        return Span({name: _whole(found) for name, found in made.items()}, f"{label}, as a run has counted it")
    computed = _computed(config, properties)
    if "train" not in computed:
        raise InputError(
            f"{label} has no rows in the split 'train', which a schema is about: all are in "
            f"{', '.join(computed) or 'none'}. data.splits says which rows are where"
        )
    return Span(computed, label)


def _resolved(config: Config) -> dict[str, Any]:
    """The properties of ExampleGen's execution, as its driver tells them: span, files, fingerprint."""
    return driver.resolved(example_gen(config).exec_properties)


def _made(config: Config, properties: Mapping[str, Any]) -> dict[str, str]:
    """The files of statistics that a run has made of these files, read in this way, by split."""
    how = ingestion(properties[driver.PATH], properties[driver.FORMAT], json.loads(properties[driver.SETTINGS]))
    same = {driver.FINGERPRINT: str(properties[driver.FINGERPRINT]), INGESTION: how}
    for found in reversed(counted(config.name, config.root_path)):
        if same.items() <= found.properties.items():
            files = {name: found.file(name) for name in config.data.split_names}
            return {name: file for name, file in files.items() if os.path.isfile(file)}
    return {}


def _computed(config: Config, properties: dict[str, Any]) -> dict[str, Statistics]:
    settings = Settings.of(properties[driver.FORMAT], json.loads(properties[driver.SETTINGS]))
    found = count(driver.input_pattern(properties), settings, here())
    return {name: _whole(each) for name, each in found.items()}


def _whole(found: Statistics) -> Statistics:
    return Statistics(datasets=[whole(found)])
