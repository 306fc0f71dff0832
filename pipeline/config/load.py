"""From a config's name or file, and the `--set` flags, to a checked Config.

A config is a Python file that defines `get_config() -> Config`. What it says about paths is relative to
its project: the checkout for the configs shipped in `pipeline/configs`, the file's own folder for a
user's file. References of the form FILE.py:NAME are made absolute here, wherever they stand in the
config, so that every process that reads the config finds the same file. A cluster is a Python file that
defines `get_cluster() -> Kubeflow`, and takes the place of what the config says of it.
"""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pipeline
from components.errors import ConfigError, close_matches
from pipeline import configs, references
from pipeline.config.config import Config
from pipeline.config.kubeflow import Kubeflow
from pipeline.config.record import Record
from pipeline.config.tree import replaced

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(pipeline.__file__)))
"""The checkout: what the paths of the shipped configs start from."""

FILE_REFERENCE = re.compile(r"[^:]+\.py:[A-Za-z_]\w*")
"""FILE.py:NAME."""
_Made = TypeVar("_Made", bound=Record)


def names() -> dict[str, str]:
    """The shipped configs and the first line of each one's docstring. Imports none of them."""
    files = sorted(Path(configs.__path__[0]).glob("[!_]*.py"))
    return {file.stem: (ast.get_docstring(ast.parse(file.read_text())) or "").partition("\n")[0] for file in files}


def load(name_or_path: str) -> Config:
    """The config of that name, or in that .py file, with `project` set and its file references absolute.

    Raises:
        ConfigError: there is no such config, or its code fails; the message names file and line.
    """
    if name_or_path.endswith(".py") or (os.sep in name_or_path and not os.path.isfile(name_or_path)):
        config = _from_file(name_or_path, "get_config", Config)
        return placed(config, os.path.dirname(os.path.abspath(name_or_path)))
    if name_or_path not in names():
        raise ConfigError(_no_such_config(name_or_path))
    module = f"{configs.__name__}.{name_or_path}"
    file = os.path.join(configs.__path__[0], f"{name_or_path}.py")
    return placed(_call(file, "get_config", lambda: importlib.import_module(module).get_config, Config), PROJECT)


def for_cluster(name_or_path: str, cluster: str | None, settings: Sequence[str]) -> Config:
    """`load` with the cluster of that file in the place of the config's own, and FIELD=VALUE settings on top.

    Raises:
        ConfigError: as `load` and `override` do; the cluster's file is none, or its code fails.
    """
    config = load(name_or_path)
    if cluster is not None:
        config = config.model_copy(update={"kubeflow": _from_file(cluster, "get_cluster", Kubeflow)})
    return override(config, settings)


def override(config: Config, settings: Sequence[str]) -> Config:
    """`config` with FIELD=VALUE settings applied, all at once: `trainer.epochs=5`, `heads.0.weight=2`.

    A value is read as JSON or as a Python literal, and where it is neither it is text.

    Raises:
        ConfigError: names the flag as typed.
    """
    try:
        return applied(config, settings)
    except ConfigError as error:
        raise ConfigError(f"{_culprit(config, settings, str(error))}: {error}") from None


def applied(config: Config, settings: Sequence[str]) -> Config:
    """`override`, whose ConfigError says what is wrong and no flag."""
    tree: Any = config.model_dump(by_alias=True)
    for setting in settings:
        field, separator, text = setting.partition("=")
        if not separator or not field:
            raise ConfigError("write FIELD=VALUE, as in --set trainer.epochs=5")
        tree = replaced(tree, field.split("."), _absolute(value_of(text), config.project))
    return Config(**tree)


def placed(config: Config, folder: str) -> Config:
    """`config` whose paths and FILE.py:NAME references start from its project in `folder`."""
    project = os.path.normpath(os.path.join(folder, config.project))
    tree = _absolute(config.model_dump(by_alias=True), project)
    return Config(**{**tree, "project": project})


def _no_such_config(name: str) -> str:
    known = names()
    if os.path.isfile(name):
        return f"{name} is no config, which is a .py file. If it is data: `millrace new {name}` writes a config for it"
    beside = f" There is a file {name}.py here: write {name}.py." if os.path.isfile(f"{name}.py") else ""
    listing = f"Configs: {', '.join(known)}, or a path to a .py file"
    return f"no config is called {name!r}.{beside}{close_matches(name, list(known))} {listing}"


def _from_file(path: str, function: str, kind: type[_Made]) -> _Made:
    file = os.path.abspath(path)
    if not os.path.isfile(file):
        raise ConfigError(f"{path}: {'that is a folder' if os.path.isdir(file) else 'no such config file'}")
    return _call(file, function, lambda: references.load(f"{file}:{function}"), kind)


def _call(file: str, function: str, find: Callable[[], Callable[[], Any]], kind: type[_Made]) -> _Made:
    """What the function that `find` returns makes; whatever fails in `file` becomes a ConfigError with its line."""
    try:
        made = find()()
    except SyntaxError as error:
        raise ConfigError(f"{error.filename or file}:{error.lineno}: {error.msg}") from None
    except ConfigError as error:
        raise ConfigError(f"{_place(file, error)}{error}") from None
    except (Exception, SystemExit) as error:
        place = _place(file, error) or f"{file}: "
        raise ConfigError(f"{place}{type(error).__name__}: {error}") from None
    if not isinstance(made, kind):
        raise ConfigError(f"{file}: {function}() must return a pipeline.config.{kind.__name__}. Received: {made!r}")
    return made


def _place(file: str, error: BaseException) -> str:
    """The innermost line of `file` that `error` passed through, as a prefix; empty where it did not."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f"{file}:{lines[-1]}: " if lines else ""


def _absolute(value: Any, project: str) -> Any:
    if isinstance(value, dict):
        return {key: _absolute(item, project) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return tuple(_absolute(item, project) for item in value)
    if isinstance(value, str) and FILE_REFERENCE.fullmatch(value):
        return references.absolute(value, project)
    return value


def value_of(text: str) -> Any:
    """What FIELD=TEXT means."""
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text)
        except (ValueError, SyntaxError):
            continue
    return text


def _culprit(config: Config, settings: Sequence[str], message: str) -> str:
    """The flag that alone brings this message, or all of them where it takes several."""
    for setting in settings:
        try:
            applied(config, [setting])
        except ConfigError as error:
            if str(error) == message:
                return f"--set {setting}"
    return " ".join(f"--set {setting}" for setting in settings)
