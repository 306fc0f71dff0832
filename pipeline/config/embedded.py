"""A config as one word of a command line: how it travels to a cluster, without this machine's paths.

There its project is a folder of the image, which has the project's files but not this machine's folders.
"""

from __future__ import annotations

import base64
import dataclasses
import gzip
import importlib.metadata
import json
import os
import zlib
from collections.abc import Collection, Mapping
from typing import Any

import pipeline
from components.errors import ConfigError
from pipeline.config.config import Config
from pipeline.config.load import FILE_REFERENCE, placed


@dataclasses.dataclass(frozen=True)
class Embedded:
    """What was embedded.

    Attributes:
        upstream: each node's direct predecessors.
        versions: of what it was compiled with, by distribution.
    """

    config: Config
    upstream: Mapping[str, tuple[str, ...]]
    versions: Mapping[str, str]


def versions() -> dict[str, str]:
    """Of what a pipeline's nodes and their settings depend on, as installed here."""
    return {"tfx": importlib.metadata.version("tfx"), "millrace": pipeline.__version__}


def portable(config: Config) -> dict[str, Any]:
    """`config` as JSON, with all that lies in its project relative to it.

    Raises:
        ConfigError: it names code outside of its project, which no image has.
    """
    tree = {**config.model_dump(mode="json", by_alias=True), "project": ""}
    return {key: _portable(value, config.project) for key, value in tree.items()}


def embed(config: Config, upstream: Mapping[str, Collection[str]]) -> str:
    """`config` in one word; the same for the same config, wherever its project is.

    Raises:
        ConfigError: it names code outside of its project, which no image has.
    """
    content = {
        "config": portable(config),
        "upstream": {node: sorted(above) for node, above in sorted(upstream.items())},
        "versions": versions(),
    }
    # The order of the keys stays: a search's space and the splits are read in theirs.
    packed = gzip.compress(json.dumps(content, separators=(",", ":")).encode(), mtime=0)
    return base64.b64encode(packed).decode()


def read(text: str, folder: str) -> Embedded:
    """What `embed` made, with the project in `folder`.

    Raises:
        ConfigError: it is nothing of the kind, or was made by a version whose configs are others.
    """
    try:
        content = unpacked(text)
        tree, upstream, compiled_with = content["config"], content["upstream"], content["versions"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"--config is not what `millrace compile` embeds ({type(error).__name__}: {error}). Received: {text[:40]}…"
        ) from None
    try:
        config = placed(Config(**tree), folder)
    except ConfigError as error:
        if compiled_with == versions():
            raise
        raise ConfigError(
            f"{error}\nThis was compiled with {_listed(compiled_with)}, and here is {_listed(versions())}: compile it "
            "with the version that is in the image"
        ) from None
    return Embedded(config, {node: tuple(above) for node, above in upstream.items()}, compiled_with)


def unpacked(text: str) -> Any:
    """What `embed` has packed, as JSON: `config`, `upstream` and `versions`, whichever version made it.

    Raises:
        ValueError: it has packed nothing of the kind.
    """
    try:
        return json.loads(gzip.decompress(base64.b64decode(text, validate=True)))
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(str(error)) from None


def _portable(value: Any, project: str) -> Any:
    if isinstance(value, dict):
        return {key: _portable(item, project) for key, item in value.items()}
    if isinstance(value, list):
        return [_portable(item, project) for item in value]
    if not isinstance(value, str):
        return value
    folder = os.path.join(project, "")
    inside, reference = value.startswith(folder), FILE_REFERENCE.fullmatch(value)
    if reference and os.path.isabs(value) and not inside:
        raise ConfigError(
            f"{value} lies outside of the project {project}, and the image has only what lies in it: put the file "
            "there, or name the code of an installed package as package.module.name"
        )
    if value == project and project:
        return "."
    if not inside:
        return value
    # With a dot, as a shell needs it for a command; the rest as it is, as it may hold more than a path.
    return f"{'' if reference else './'}{value.removeprefix(folder)}"


def _listed(found: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in found.items())
