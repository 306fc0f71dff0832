"""What tasks are called: pods are named after them, so they are lower-case labels as of RFC 1123."""

from __future__ import annotations

import re
from collections.abc import Iterable

from components.errors import InputError

START = "start"
"""The task before all nodes."""
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")
# Argo refuses names that begin with a digit where tasks depend on others.
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_LONGEST = 63 - len("exec-")


def component(task: str) -> str:
    """The name of a task's component."""
    return f"comp-{task}"


def executor(task: str) -> str:
    """The label of a task's executor."""
    return f"exec-{task}"


def task_names(node_ids: Iterable[str]) -> dict[str, str]:
    """The task of each node: `StatisticsGen` -> `statistics-gen`.

    Raises:
        InputError: a node has no valid name, or its name is taken.
    """
    owners = {START: "the task before all nodes", _driver(START): "the driver of the task before all nodes"}
    found = {}
    for node_id in node_ids:
        name = "-".join(part for part in _WORDS.split(node_id) if part).lower()
        if not _NAME.fullmatch(name) or len(name) > _LONGEST:
            raise InputError(
                f"node {node_id!r} would be the task {name!r}, which Kubernetes refuses: give it an id of at most "
                f"{_LONGEST} letters and digits that begins with a letter"
            )
        for taken in (name, _driver(name)):
            if taken in owners:
                raise InputError(f"node {node_id!r} and {owners[taken]} would both be the task {taken!r}: rename one")
        owners[name], owners[_driver(name)] = f"node {node_id!r}", f"the driver of node {node_id!r}"
        found[node_id] = name
    return found


def _driver(task: str) -> str:
    """The task that the backend puts before each of ours (argocompiler/dag.go)."""
    return f"{task}-driver"
