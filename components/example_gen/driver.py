"""The driver: finds the span and its files, and gives the outputs the properties that say so."""

import copy
import functools
import hashlib
import json
import operator
import os
import posixpath
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

from tfx.dsl.components.base import base_driver
from tfx.dsl.io import fileio
from tfx.orchestration import data_types_utils
from tfx.orchestration.metadata import Metadata
from tfx.orchestration.portable import base_driver as portable_driver
from tfx.orchestration.portable import data_types
from tfx.proto import example_gen_pb2, range_config_pb2
from tfx.proto.orchestration import driver_output_pb2
from tfx.utils import proto_utils

from components.artifacts import SPAN
from components.errors import InputError
from components.example_gen import patterns, span_files
from components.spans import INGESTION, ingestion

PATH, FORMAT, SETTINGS, QUARANTINE = "path", "format", "settings", "quarantine"
EXAMPLES, INPUT_BASE, INPUT_CONFIG, RANGE_CONFIG = "examples", "input_base", "input_config", "range_config"
"""As in tfx.types.standard_component_specs, which imports TFDV."""
VERSION, FINGERPRINT = "version", "input_fingerprint"
"""Properties of executions and Examples; the names are TFX's."""
FILES = "input_files"
"""Property of executions: what TFX's fingerprint does not see is a file that moves to another split, or a new one of
the same length within the same second."""


class _File(NamedTuple):
    path: str
    size: int
    nanoseconds: int
    """When it was last changed."""


class Driver(base_driver.BaseDriver, portable_driver.BaseDriver):
    """What TFX's driver for files does, with errors that say what there is instead, and a second output.

    TFX's components want a driver of the first class, its launcher calls the second.
    """

    def __init__(self, connection: Metadata) -> None:
        portable_driver.BaseDriver.__init__(self, connection)

    def run(self, execution_info: data_types.ExecutionInfo) -> driver_output_pb2.DriverOutput:
        """See TFX's driver."""
        told = resolved(execution_info.exec_properties)
        result = driver_output_pb2.DriverOutput()
        for name, value in told.items():
            if value is not None:
                data_types_utils.set_metadata_value(result.exec_properties[name], value)
        examples = copy.deepcopy(execution_info.output_dict[EXAMPLES][0].mlmd_artifact)
        for name in (FINGERPRINT, SPAN, VERSION):
            if told[name] is not None:
                data_types_utils.set_metadata_value(examples.custom_properties[name], told[name])
        how = ingestion(told[PATH], told[FORMAT], json.loads(told[SETTINGS]))
        examples.custom_properties[INGESTION].string_value = how
        result.output_artifacts[EXAMPLES].artifacts.append(examples)
        quarantine = copy.deepcopy(execution_info.output_dict[QUARANTINE][0].mlmd_artifact)
        quarantine.properties[SPAN].int_value = told[SPAN]
        result.output_artifacts[QUARANTINE].artifacts.append(quarantine)
        return result


def resolved(exec_properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of an execution with span, version (or None) and fingerprint, and the pattern of the span's files.

    Raises:
        InputError: no file matches.
    """
    base, path = exec_properties[INPUT_BASE], exec_properties[PATH]
    config = example_gen_pb2.Input()
    proto_utils.json_to_proto(exec_properties[INPUT_CONFIG], config)
    [split] = config.splits
    span, version = 0, None
    if patterns.has_span(path):
        match = span_files.chosen(path, _asked(exec_properties))
        if match is None:
            raise _nothing(path, f"no file matches {path}")
        span, version, split.pattern = match.span, match.version, posixpath.relpath(match.pattern, base)
    files = posixpath.join(base, split.pattern)
    if not fileio.glob(files):
        raise _nothing(path, f"no file matches {files}")
    found = [_file(path) for path in fileio.glob(files)]
    return {
        **exec_properties,
        INPUT_CONFIG: proto_utils.proto_to_json(config),
        SPAN: span,
        VERSION: version,
        FINGERPRINT: _fingerprint(split.name, found),
        FILES: _digest(base, found),
    }


def input_pattern(exec_properties: Mapping[str, Any]) -> str:
    """The files to ingest, as the driver resolved them."""
    config = example_gen_pb2.Input()
    proto_utils.json_to_proto(exec_properties[INPUT_CONFIG], config)
    return posixpath.join(exec_properties[INPUT_BASE], config.splits[0].pattern)


def _fingerprint(split: str, files: Sequence[_File]) -> str:
    """That of tfx.utils.io_utils, which fails on local files where TensorFlow does not read them."""
    times = [file.nanoseconds // 10**9 for file in files]
    return (
        f"split:{split},num_files:{len(files)},total_bytes:{sum(file.size for file in files)},"
        f"xor_checksum:{functools.reduce(operator.xor, times, 0)},sum_checksum:{sum(times)}"
    )


def _digest(base: str, files: Sequence[_File]) -> str:
    """Of their names below `base`, sizes and times."""
    lines = sorted(f"{posixpath.relpath(file.path, base)} {file.size} {file.nanoseconds}" for file in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _file(path: str) -> _File:
    if "://" in path:
        found = fileio.stat(path)
        return _File(path, found.length, found.mtime_nsec)
    # TensorFlow, where it is imported, knows of local files only whole seconds.
    there = os.stat(path)
    return _File(path, there.st_size, there.st_mtime_ns)


def _asked(exec_properties: Mapping[str, Any]) -> Optional[int]:
    """The span that the config names."""
    told = exec_properties.get(RANGE_CONFIG)
    if not told:
        return None
    config = range_config_pb2.RangeConfig()
    proto_utils.json_to_proto(told, config)
    return config.static_range.start_span_number


def _nothing(path: str, why: str) -> InputError:
    spans = span_files.spans(path)
    if spans:
        there = f"The spans that exist: {', '.join(map(str, spans))}"
    else:
        siblings = span_files.siblings(path)
        there = f"There is: {', '.join(siblings)}" if siblings else "Its folder is empty or does not exist"
    return InputError(f"data.path {path}: nothing to read ({why}). {there}")
