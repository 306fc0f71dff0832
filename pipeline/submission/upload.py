"""A compiled file as a version of the pipeline of its name; the same file is uploaded once."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
from collections.abc import Callable
from typing import Any, TypeVar, Union

from components.errors import InputError
from pipeline.submission.access import Client
from pipeline.submission.package import Package
from pipeline.submission.transport import CallError, told_id

Made = TypeVar("Made")


@dataclasses.dataclass(frozen=True)
class Version:
    """A version of a pipeline, as KFP knows it. `new` if it was uploaded just now."""

    pipeline_id: str
    version_id: str
    new: bool = False


def upload(client: Client, package: Package) -> Version:
    """The version that `package` is, uploaded if KFP does not have it."""
    return agreed(lambda: _uploaded(client, package))


def agreed(call: Callable[[], Made]) -> Made:
    """What `call` returns, which looks for something, and makes it where there is none.

    Somebody else may make it in between, of which KFP says 409: then it is there.
    """
    try:
        return call()
    except CallError as error:
        if error.status != 409:
            raise
    return call()


def _uploaded(client: Client, package: Package) -> Version:
    namespace = client.get_user_namespace() or None
    pipeline_id = _pipeline(client, package.name, namespace)
    known = _version(client, pipeline_id, package) if pipeline_id else None
    if pipeline_id and known:
        return Version(pipeline_id, known)
    if pipeline_id:
        made = silently(
            client.upload_pipeline_version,
            package.path,
            package.version,
            pipeline_id=pipeline_id,
            description=package.version,
        )
        return Version(pipeline_id, told_id(made.pipeline_version_id, "version"), new=True)
    # KFP names the first version after its pipeline, so that its description must tell which file it is.
    pipeline = silently(
        client.upload_pipeline, package.path, package.name, description=package.version, namespace=namespace
    )
    pipeline_id = told_id(pipeline.pipeline_id, "pipeline")
    first = _version(client, pipeline_id, package)
    if not first:
        raise InputError(
            f"KFP has taken {package.path} as pipeline {package.name}, but shows no version of it: try again"
        )
    return Version(pipeline_id, first, new=True)


def equals(name: str) -> str:
    """KFP's filter for what is displayed under that name."""
    return json.dumps({"predicates": [{"operation": "EQUALS", "key": "display_name", "stringValue": name}]})


def silently(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What the call returns; kfp prints links to standard output."""
    with contextlib.redirect_stdout(io.StringIO()):
        return call(*args, **kwargs)


def _pipeline(client: Client, name: str, namespace: Union[str, None]) -> str | None:
    found = client.list_pipelines(filter=equals(name), namespace=namespace).pipelines or []
    return next((told_id(each.pipeline_id, "pipeline") for each in found if each.display_name == name), None)


def _version(client: Client, pipeline_id: str, package: Package) -> str | None:
    for name in (package.version, package.name):
        found = client.list_pipeline_versions(pipeline_id, filter=equals(name)).pipeline_versions or []
        for each in found:
            if package.version in (each.display_name, each.description):
                return told_id(each.pipeline_version_id, "version")
    return None
