"""What a task leaves for KFP to show (launcher_v2.go, getExecutorOutputFile and uploadOutputArtifacts)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Union

import pydantic

from components.errors import InputError
from pipeline.rehearsal.message import Message, read
from pipeline.rehearsal.runtime import Place

_BUCKETS = ("gs://", "s3://", "minio://")


class _Artifact(Message):
    """A RuntimeArtifact. The launcher parses `name` and `type`, and does not use them."""

    name: str = ""
    uri: str = ""
    type: Any = None
    metadata: dict[str, Any] = {}


class _Artifacts(Message):
    artifacts: tuple[_Artifact, ...] = ()


class _ExecutorOutput(Message):
    parameter_values: dict[str, Any] = {}
    artifacts: dict[str, _Artifacts] = {}


class Shown(pydantic.BaseModel, frozen=True):
    """One artifact as KFP's UI shows it."""

    type: str
    uri: str
    metadata: dict[str, Any] = {}
    file: Union[str, None] = None
    """What was uploaded, on this machine; None where the task wrote nothing."""


def collected(given: Mapping[str, Any], place: Place) -> dict[str, Shown]:
    """The artifacts of a task that has succeeded, by output key.

    Raises:
        InputError: what it says of its outputs would make the launcher fail.
    """
    said = _said(place)
    if said.parameter_values:
        raise InputError(f"the rehearsal does not understand output parameters: {', '.join(said.parameter_values)}")
    shown = {}
    for key, artifacts in given["outputs"]["artifacts"].items():
        provisioned = artifacts["artifacts"][0]
        listed = said.artifacts[key].artifacts if key in said.artifacts else ()
        shown[key] = _merged(key, provisioned, listed[0] if listed else _Artifact(), place)
    return shown


def _said(place: Place) -> _ExecutorOutput:
    path = place.here(place.output_file)
    if not os.path.exists(path):
        return _ExecutorOutput()
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except ValueError as error:
        raise InputError(f"{path} is no JSON: {error}") from None
    return read(_ExecutorOutput, content, path)


def _merged(key: str, provisioned: Mapping[str, Any], said: _Artifact, place: Place) -> Shown:
    uri = said.uri or str(provisioned["uri"])
    if uri.startswith(_BUCKETS) and not uri.startswith(place.bucket):
        raise InputError(
            f"output {key}: the launcher cannot upload to {uri}, which is outside of the run's folder {place.bucket}"
        )
    local = place.here(place.path_of(uri)) if uri == provisioned["uri"] else ""
    return Shown(
        type=provisioned["type"]["schemaTitle"],
        uri=uri,
        metadata={**provisioned.get("metadata", {}), **said.metadata},
        file=local if local and os.path.exists(local) else None,
    )
