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
_BEGINNING = 4 << 20
"""Bytes; more are not read of a file to compare it."""
Mark = Mapping[str, str]


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
    # Pages are rendered by workers, too: their templates count.
    files = (file for package in _CODE for file in (checkout / package).rglob("*.*") if file.suffix != ".pyc")
    for file in sorted(file for file in files if file.is_file()):
        digest.update(f"{file.relative_to(checkout)}\n{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:12]


def mark(path: str) -> Mark:
    """What tells whether another machine has the same there.

    Of a file its digest, of a long one that of its length and beginning. Of a folder the name of the first thing in it:
    whatever comes after may be arriving just now, and what is hidden may go.

    Raises:
        OSError: it cannot be read.
    """
    if os.path.isdir(path):
        return {"entry": min((name for name in os.listdir(path) if not name.startswith(".")), default="")}
    return {"sha256": _digest(path)}


def _has(path: str, mark: Mark) -> bool:
    """Whether the same is there, and where the mark says so, whether files may be written beside it."""
    if "beside" in mark and not os.access(os.path.dirname(path), os.W_OK):
        return False
    try:
        if "entry" in mark:
            return os.path.isdir(path) and os.path.exists(os.path.join(path, mark["entry"]))
        return os.path.isfile(path) and _digest(path) == mark["sha256"]
    except OSError:
        return False


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(f"{os.path.getsize(path)}\n".encode() + file.read(_BEGINNING)).hexdigest()


def serve(server: grpc.Server) -> None:
    """Answer clients that ask. Who does not know what lies at a path is not told."""
    mine = versions()

    def look(request: bytes, context: object) -> bytes:
        lacking = [path for path, mark in json.loads(request).items() if not _has(path, mark)]
        return json.dumps({"versions": mine, "lacking": lacking, "process": os.getpid()}).encode()

    handler = grpc.unary_unary_rpc_method_handler(look)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, {_METHOD: handler}),))


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a pool says of itself.

    Attributes:
        lacking: what it was asked for, and has not, or has otherwise.
        process: its id, on its own machine.
    """

    versions: Mapping[str, str]
    lacking: Sequence[str]
    process: int


def ask(address: str, marks: Mapping[str, Mark] | None = None, timeout: float = 20.0) -> Answer:
    """What the pool there has.

    Args:
        marks: of files and folders that it is to see, by their paths.

    Raises:
        ConnectionError: nobody answers, or a pool that knows nothing of it (Beam's own).
    """
    # As rest.py does: a proxy for the world outside knows no cluster.
    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        call = channel.unary_unary(f"/{_SERVICE}/{_METHOD}")
        try:
            found = json.loads(call(json.dumps(marks or {}).encode(), timeout=timeout))
        except grpc.RpcError as error:
            raise ConnectionError(f"{error.code().name.lower()}: {error.details()}") from None
    # One of another version, which its versions tell, may lack the rest.
    return Answer(found["versions"], found.get("lacking", ()), found["process"])
