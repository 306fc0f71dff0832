"""Digests of the sources behind a node, so that an edit re-runs what depends on it and nothing else.

A module's sources are its own file and those of all local modules that it imports, wherever in the file, found in
the syntax tree without running anything. Local is what lies in the packages `pipeline` and `components`, in the
project's folder, beside a FILE.py that a config names, or in a folder of PYTHONPATH. Everything else is a library.
"""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import os
import re
import sys
from collections.abc import Iterator, Sequence

from components.errors import ConfigError

_CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_PACKAGES = ("pipeline", "components")
_LOCK = os.path.join("requirements", "runtime.lock")


@dataclasses.dataclass(frozen=True)
class Source:
    """A local file, under the folder that its imports start from.

    Attributes:
        path: relative to the folder.
    """

    folder: str
    path: str


class Sources:
    """Finds and digests the sources of a project. One instance sees one state of the files."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._imports: dict[Source, tuple[Source, ...]] = {}

    def of_module(self, module: str) -> dict[str, str]:
        """Digests of `module` and of what it imports, by file; empty for a module that isn't local."""
        return self._closure(self._find(module, self._project))

    def of_reference(self, reference: str) -> dict[str, str]:
        """Digests of the module that a reference (package.module.name or FILE.py:NAME) names, and of what it imports.

        Of a config (a module with a get_config) only the parts that the name uses count: other settings in it are no
        reason to run anything again.
        """
        path, by_file, name = reference.rpartition(":")
        if by_file:
            start: tuple[Source, ...] = (Source(os.path.dirname(path), os.path.basename(path)),)
        else:
            path, _, name = reference.rpartition(".")
            start = self._find(path, self._project)
        if not start or not _is_config(_parsed(start[-1])):
            return self._closure(start)
        *packages, config = start
        part = _part(_parsed(config), name)
        imported = [found for module in _modules(part, config) for found in self._find(module, config.folder)]
        return {**self._closure((*packages, *imported)), f"{self._label(config)}:{name}": _sha(ast.unparse(part))}

    def of_file(self, path: str) -> dict[str, str]:
        """The digest of a data file; a missing one is left for the node to complain about."""
        if not os.path.isfile(path):
            return {}
        label = os.path.relpath(path, self._project) if self._project else path
        with open(path, "rb") as file:
            return {label: hashlib.sha256(file.read()).hexdigest()}

    def files(self, path: str) -> tuple[Source, ...]:
        """The .py file at `path` and those that it imports, without our own packages."""
        return tuple(
            source
            for source in self._reached([Source(os.path.dirname(path), os.path.basename(path))]).values()
            if source.folder != _CHECKOUT or source.path.split(os.sep)[0] not in _PACKAGES
        )

    def _closure(self, start: Sequence[Source]) -> dict[str, str]:
        return {label: _sha(_text(source)) for label, source in self._reached(start).items()}

    def _reached(self, start: Sequence[Source]) -> dict[str, Source]:
        """`start` and all that it imports, by label."""
        found: dict[str, Source] = {}
        waiting = list(start)
        while waiting:
            source = waiting.pop()
            if self._label(source) not in found:
                found[self._label(source)] = source
                waiting += self._imported(source)
        return found

    def _imported(self, source: Source) -> tuple[Source, ...]:
        if source not in self._imports:
            modules = _modules(_parsed(source), source)
            self._imports[source] = tuple(found for module in modules for found in self._find(module, source.folder))
        return self._imports[source]

    def _find(self, module: str, folder: str) -> tuple[Source, ...]:
        """The files that `import module` runs, those of its packages first; empty where it isn't local."""
        names = module.split(".")
        ours = names[0] in _PACKAGES
        roots = [_CHECKOUT] if ours else [root for root in (folder, self._project, *_search_path()) if root]
        for root in roots:
            found = [_file(root, names[: depth + 1]) for depth in range(len(names))]
            if found[-1]:
                # Our packages only gather names: they count for those who import the package, not one of its modules.
                return tuple(Source(root, path) for path in (found[-1:] if ours else found) if path)
        return ()

    def _label(self, source: Source) -> str:
        """The file's name in digests: the same in every checkout."""
        path = os.path.join(source.folder, source.path)
        inside = self._project and not os.path.relpath(path, self._project).startswith("..")
        return os.path.relpath(path, self._project) if inside else source.path


def libraries() -> dict[str, str]:
    """The digest of the versions of installed libraries: of those in the lock, or without a checkout of all."""
    lock = os.path.join(_CHECKOUT, _LOCK)
    if os.path.isfile(lock):
        with open(lock, encoding="utf-8") as file:
            locked = set(re.findall(r"^([\w.-]+)==", file.read(), re.MULTILINE))
        versions = [found for found in _installed() if found.partition("==")[0] in locked]
    else:
        versions = list(_installed())
    return {"libraries": _sha("\n".join(sorted(versions)))}


def _installed() -> Iterator[str]:
    """NAME==VERSION of each library, by the names of folders: to open them all takes longer than the rest of a plan."""
    for place in {*sys.path}:
        for folder in os.listdir(place) if os.path.isdir(place) else ():
            name, _, version = folder.removesuffix(".dist-info").partition("-")
            if folder.endswith(".dist-info"):
                yield f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}"


def _search_path() -> list[str]:
    """The folders of PYTHONPATH."""
    places = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return [os.path.abspath(place) for place in places if place]


def combined(digests: dict[str, str]) -> str:
    """One digest of many."""
    return _sha("\n".join(f"{name} {digest}" for name, digest in sorted(digests.items())))


def _file(root: str, names: list[str]) -> str | None:
    path = os.path.join(*names)
    candidates = (f"{path}.py", os.path.join(path, "__init__.py"))
    return next((found for found in candidates if os.path.isfile(os.path.join(root, found))), None)


def _modules(tree: ast.AST, source: Source) -> Iterator[str]:
    """The names of all modules that `tree` may import."""
    package = source.path.split(os.sep)[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            if base:
                yield base
            yield from (f"{base}.{alias.name}".lstrip(".") for alias in node.names if alias.name != "*")


def _is_config(module: ast.Module) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == "get_config" for node in module.body)


def _part(module: ast.Module, name: str) -> ast.Module:
    """The top-level statements of a module that `name` uses, and those that run whatever is used."""
    statements = module.body
    wanted, used = {name}, set[int]()
    while True:
        new = [i for i, node in enumerate(statements) if i not in used and _concerns(node, wanted)]
        if not new:
            return ast.Module([statements[i] for i in sorted(used)], [])
        used.update(new)
        wanted.update(n.id for i in new for n in ast.walk(statements[i]) if isinstance(n, ast.Name))


def _concerns(node: ast.stmt, wanted: set[str]) -> bool:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return node.name in wanted
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return any(
            alias.name == "*" or (alias.asname or alias.name.partition(".")[0]) in wanted for alias in node.names
        )
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        # Of `a.b = 1` and `a["b"] = 1`, too, the name is that of what is changed.
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(isinstance(n, ast.Name) and n.id in wanted for target in targets for n in ast.walk(target))
    return not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _text(source: Source) -> str:
    path = os.path.join(source.folder, source.path)
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot read this source file: {error}") from None


def _parsed(source: Source) -> ast.Module:
    try:
        return ast.parse(_text(source))
    except SyntaxError as error:
        path = os.path.join(source.folder, source.path)
        raise ConfigError(f"{path}:{error.lineno}: {error.msg}") from None


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
