"""References to Python objects in configs: `package.module.name` or `path/to/file.py:name`."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from components.errors import ConfigError

COPIES = "millrace_code"
"""What our workers find the folder with copies of the user's code by, as one of Beam's experiments."""
ROOTS = "roots"
"""The file in that folder that names the folders, one a line, that imports start from."""
_copies = ""


def is_reference(name: str) -> bool:
    """Whether `name` is a dotted path or FILE.py:NAME, and not a bare name, such as Keras' own."""
    return "." in name or ":" in name


def absolute(reference: str, project: str) -> str:
    """`reference` with a relative file part resolved against the project's folder; dotted paths stay."""
    path, separator, name = reference.rpartition(":")
    return f"{os.path.normpath(os.path.join(project, path))}:{name}" if separator else reference


def look_in(folder: str) -> None:
    """From now on, a file that a reference names is read from its copy: below `folder`, under its own path there.

    For processes of another machine, which has the folder, and of the file perhaps an older version. They unpickle
    what these files define, and what they import, perhaps before any reference is loaded. What they import is looked
    for among the copies before it is in the working directory, which may be the project in an older version, too.
    """
    global _copies
    _copies = folder
    roots = []
    with contextlib.suppress(FileNotFoundError), open(os.path.join(folder, ROOTS), encoding="utf-8") as file:
        roots = [copy_of(root, folder) for root in file.read().splitlines()]
    own = [entry for entry in sys.path if entry in ("", os.getcwd())]
    sys.path[:] = [*(entry for entry in sys.path if entry not in own), *roots, *own]
    found = [os.path.join(at, file) for at, _, files in os.walk(folder) for file in files if file.endswith(".py")]
    sys.meta_path.append(_Copies({_name_of(f"/{os.path.relpath(copy, folder)}"): copy for copy in found}))


class _Copies(importlib.abc.MetaPathFinder):
    """Finds the modules of files by the names that `load` gives them."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def find_spec(self, name: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        """See MetaPathFinder."""
        file = self._files.get(name)
        return importlib.util.spec_from_file_location(name, file) if file else None


def copy_of(path: str, folder: str) -> str:
    """Where below `folder` the copy of the file at an absolute path lies."""
    return os.path.join(folder, path.lstrip(os.sep))


def load(reference: str) -> Any:
    """The object that `reference` names.

    Raises:
        ConfigError: there is no such module, file or name.
    """
    path, by_file, name = reference.rpartition(":")
    if not by_file:
        path, _, name = reference.rpartition(".")
    module = _module_of_file(path) if by_file else _module(path, reference)
    try:
        return getattr(module, name)
    except AttributeError:
        public = ", ".join(sorted(n for n in vars(module) if not n.startswith("_"))) or "nothing"
        raise ConfigError(f"{reference}: {path} defines no {name!r}. It defines: {public}") from None


def _module(path: str, reference: str) -> ModuleType:
    if not path:
        raise ConfigError(f"{reference!r} is no reference: write package.module.name or path/to/file.py:name")
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        raise ConfigError(f"{reference}: cannot import {path}: {error}") from error


def _name_of(path: str) -> str:
    """The name of the module in the file at an absolute path."""
    return f"user_{hashlib.sha256(path.encode()).hexdigest()[:12]}"


def _module_of_file(path: str) -> ModuleType:
    """The module in `path`, imported once under a name of its own; its folder is importable meanwhile."""
    name = _name_of(path)
    if name in sys.modules:
        return sys.modules[name]
    if _copies:
        path = copy_of(path, _copies)
    if not os.path.isfile(path):
        raise ConfigError(f"{path}: {'that is a folder' if os.path.isdir(path) else 'no such file'}")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
        raise ConfigError(f"{path}: that is no .py file")
    try:
        spec.loader.get_code(name)
    except ValueError as error:  # which does not say where
        raise ConfigError(f"{path}: {error}") from None
    module = importlib.util.module_from_spec(spec)
    folder = os.path.dirname(path)
    if folder not in sys.path:
        sys.path.append(folder)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
