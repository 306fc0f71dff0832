"""What client and workers must have alike: a pool of workers that is asked says what it has."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import importlib.metadata
import json
import os
import pathlib
import platform
from collections.abc import Mapping, Sequence

import grpc

import pipeline

_SERVICE, _METHOD = "millrace.WorkerPool", "Look"
_DISTRIBUTIONS = ("apache-beam", "tfx", "tensorflow", "tensorflow-transform", "tfx-bsl", "pyarrow", "dill")
"""What pickled functions and the data between them depend on."""
_CODE = ("components", "pipeline")
"""Workers run what a job names: of each step, of the user's config, and whatever those import."""


def versions() -> dict[str, str]:
    """Of this process, as it began: where its own code was changed since, it runs the old one."""
    found = {name: importlib.metadata.version(name) for name in _DISTRIBUTIONS}
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Python": python, "millrace": pipeline.__version__, "code of millrace": _code(), **found}


@functools.cache
def _code() -> str:
    """A digest of all of our own code."""
    checkout = pathlib.Path(pipeline.__file__).parents[1]
    digest = hashlib.sha256()
    for file in sorted(file for package in _CODE for file in (checkout / package).rglob("*.py")):
        digest.update(f"{file.relative_to(checkout)}\n{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:12]


def sizes(paths: Sequence[str]) -> dict[str, int | None]:
    """The bytes of files, as this machine has them; 0 for a folder, None where there is no such thing."""
    return {path: _size(path) for path in paths}


def _size(path: str) -> int | None:
    if not os.path.exists(path):
        return None
    return 0 if os.path.isdir(path) else os.path.getsize(path)


def serve(server: grpc.Server) -> None:
    """Answer clients that ask."""
    mine = versions()

    def look(request: bytes, context: object) -> bytes:
        return json.dumps({"versions": mine, "sizes": sizes(json.loads(request)), "process": os.getpid()}).encode()

    handler = grpc.unary_unary_rpc_method_handler(look)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, {_METHOD: handler}),))


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a pool says of itself.

    Attributes:
        sizes: of the files that it was asked for, see `sizes`.
        process: its id, on its own machine.
    """

    versions: Mapping[str, str]
    sizes: Mapping[str, int | None]
    process: int


def ask(address: str, paths: Sequence[str], timeout: float = 20.0) -> Answer:
    """What the pool there has, and which files it sees.

    Raises:
        ConnectionError: nobody answers, or a pool that knows nothing of it (Beam's own).
    """
    with grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(f"/{_SERVICE}/{_METHOD}")
        try:
            return Answer(**json.loads(call(json.dumps(list(paths)).encode(), timeout=timeout)))
        except grpc.RpcError as error:
            raise ConnectionError(f"{error.code().name.lower()}: {error.details()}") from None
