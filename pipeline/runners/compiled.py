"""The compiled pipeline of a config. It is kept under the root while what it was made of stays the same.

So nobody has to import TensorFlow, Beam and Keras to find that nothing has changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os

import pydantic

from pipeline import digests, runs
from pipeline.config import Config, Machine
from pipeline.digests import Sources
from pipeline.layout import Layout
from pipeline.runners.engine import Engine
from pipeline.runners.ir import IR
from pipeline.runners.server import Send

_KEPT = 100
"""Compiled pipelines of one root; those that were used longest ago go first."""


class Compiled(pydantic.BaseModel, frozen=True, arbitrary_types_allowed=True):
    """What planning a run needs to know of a pipeline."""

    ir: IR
    """For no run yet."""
    user_code: dict[str, tuple[str, ...]]
    """See `dependencies.user_code`."""
    data_files: dict[str, tuple[str, ...]]
    """See `dependencies.data_files`."""
    earlier_spans: str
    """The last node that the earlier spans of a window go through."""


class _Kept(pydantic.BaseModel, frozen=True):
    """How it is kept."""

    compiled: Compiled
    made_of: dict[str, str]


def of(engine: Engine, config: Config, sources: Sources) -> Compiled:
    """The compiled pipeline of `config`: the kept one, or else a new one, which is kept.

    Raises:
        ConfigError: the config names something that does not exist.
    """
    path = Layout(engine.root).compiled(_key(config))
    with contextlib.suppress(FileNotFoundError, pydantic.ValidationError), open(path, encoding="utf-8") as file:
        kept = _Kept.model_validate_json(file.read())
        if kept.made_of == _made_of(kept.compiled, sources):
            os.utime(path)
            return kept.compiled
    compiled = _made(engine, config)
    runs.write_whole(path, _Kept(compiled=compiled, made_of=_made_of(compiled, sources)).model_dump_json())
    _forget_old(os.path.dirname(path))
    return compiled


def _key(config: Config) -> str:
    """The same for configs of the same pipeline, however much of a machine it may take."""
    anywhere = config.model_copy(update={"machine": Machine()})
    return hashlib.sha256(anywhere.model_dump_json(by_alias=True).encode()).hexdigest()


def _made(engine: Engine, config: Config) -> Compiled:
    """In a child: this process must not start TensorFlow, which takes the GPU and threads that no fork survives."""
    if engine.server is None:
        return _compile(config)
    made: Compiled = engine.server.call(_in_child, config, receive=print).value
    return made


def _in_child(send: Send, config: Config) -> Compiled:
    del send
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # checking makes Keras objects, and the GPU is for training
    return _compile(config)


def _compile(config: Config) -> Compiled:
    from pipeline.runners import compiling

    return compiling.compiled(config)


def _made_of(compiled: Compiled, sources: Sources) -> dict[str, str]:
    """Digests of all code that had a part in it, and what was there of the files that the config names."""
    found = {**digests.libraries(), **sources.of_module("pipeline.runners.compiling")}
    for reference in sorted({each for of_node in compiled.user_code.values() for each in of_node}):
        found.update(sources.of_reference(reference))
    for path in sorted({each for of_node in compiled.data_files.values() for each in of_node}):
        found[path] = _stamp(path)
    return found


def _stamp(path: str) -> str:
    with contextlib.suppress(OSError):
        found = os.stat(path)
        return f"{found.st_size} {found.st_mtime_ns}"
    return ""


def _forget_old(folder: str) -> None:
    paths = sorted((os.path.join(folder, name) for name in os.listdir(folder)), key=os.path.getmtime)
    for path in paths[:-_KEPT]:
        with contextlib.suppress(FileNotFoundError):
            os.remove(path)
