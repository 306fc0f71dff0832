"""From a config's name or file, and the `--set` flags, to a checked Config.

A config is a Python file that defines `get_config() -> Config`. What it says about paths is relative to
its project: the checkout for the configs shipped in `pipeline/configs`, the file's own folder for a
user's file. References of the form FILE.py:NAME are made absolute here, wherever they stand in the
config, so that every process that reads the config finds the same file.
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
from typing import Any

import pipeline
from components.errors import ConfigError, close_matches
from pipeline import configs, references
from pipeline.config.config import Config
from pipeline.config.tree import replaced

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(pipeline.__file__)))
"""The checkout: what the paths of the shipped configs start from."""

FILE_REFERENCE = re.compile(r"[^:]+\.py:[A-Za-z_]\w*")
"""FILE.py:NAME."""


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
        file = os.path.abspath(name_or_path)
        if not os.path.isfile(file):
            raise ConfigError(f"{name_or_path}: no such config file")
        config = _call(file, lambda: references.load(f"{file}:get_config"))
        return placed(config, os.path.dirname(file))
    if name_or_path not in names():
        raise ConfigError(_no_such_config(name_or_path))
    module = f"{configs.__name__}.{name_or_path}"
    file = os.path.join(configs.__path__[0], f"{name_or_path}.py")
    return placed(_call(file, lambda: importlib.import_module(module).get_config), PROJECT)


def override(config: Config, settings: Sequence[str]) -> Config:
    """`config` with FIELD=VALUE settings applied, all at once: `trainer.epochs=5`, `heads.0.weight=2`.

    A value is read as JSON or as a Python literal, and where it is neither it is text.

    Raises:
        ConfigError: names the flag as typed.
    """
    try:
        return _with(config, settings)
    except ConfigError as error:
        raise ConfigError(f"{_culprit(config, settings, str(error))}: {error}") from None


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


def _call(file: str, find: Callable[[], Callable[[], Any]]) -> Config:
    """What the `get_config` that `find` returns makes; whatever fails in `file` becomes a ConfigError with its line."""
    try:
        config = find()()
    except SyntaxError as error:
        raise ConfigError(f"{error.filename or file}:{error.lineno}: {error.msg}") from None
    except ConfigError as error:
        raise ConfigError(f"{_place(file, error)}{error}") from None
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{_place(file, error)}{type(error).__name__}: {error}") from None
    if not isinstance(config, Config):
        raise ConfigError(f"{file}: get_config() must return a pipeline.config.Config. Received: {config!r}")
    return config


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


def _with(config: Config, settings: Sequence[str]) -> Config:
    tree: Any = config.model_dump(by_alias=True)
    for setting in settings:
        field, separator, text = setting.partition("=")
        if not separator or not field:
            raise ConfigError("write FIELD=VALUE, as in --set trainer.epochs=5")
        tree = replaced(tree, field.split("."), _absolute(_value(text), config.project))
    return Config(**tree)


def _value(text: str) -> Any:
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
            _with(config, [setting])
        except ConfigError as error:
            if str(error) == message:
                return f"--set {setting}"
    return " ".join(f"--set {setting}" for setting in settings)
