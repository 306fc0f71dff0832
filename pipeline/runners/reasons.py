"""Why a node ran or was cached, told from what its earlier executions depended on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import pydantic

from pipeline import runs
from pipeline.layout import Layout
from pipeline.runs import RunRecord


class Fingerprint(pydantic.BaseModel, frozen=True):
    """What a node's outputs depend on, kept in the run's folder."""

    sources: dict[str, str] = {}
    """Digests of source files, by name."""
    settings: dict[str, str] = {}
    """Execution properties as text."""
    inputs: dict[str, tuple[int, ...]] = {}
    """Ids of the input artifacts, by key; known once the node has run."""
    resolved: dict[str, str] = {}
    """What the driver made of the settings (which span, which files); known once the node has run."""

    def static(self) -> Fingerprint:
        """The part that is known before the node runs."""
        return Fingerprint(sources=self.sources, settings=self.settings)


def save(root: str, run_id: str, node_id: str, fingerprint: Fingerprint) -> None:
    """Keep a node's fingerprint."""
    runs.write_whole(_path(root, run_id, node_id), fingerprint.model_dump_json(indent=1))


def load(root: str, run_id: str, node_id: str) -> Fingerprint | None:
    """A node's fingerprint in a run, if it was kept."""
    try:
        with open(_path(root, run_id, node_id), encoding="utf-8") as file:
            return Fingerprint.model_validate_json(file.read())
    except (FileNotFoundError, pydantic.ValidationError):
        return None


def _path(root: str, run_id: str, node_id: str) -> str:
    return os.path.join(Layout(root).fingerprints(run_id), f"{node_id}.json")


def changes(old: Fingerprint, new: Fingerprint) -> str:
    """What differs, as "sources changed: a.py; settings changed: epochs"; empty where nothing does."""
    kinds = {
        "sources": _differing(old.sources, new.sources),
        "settings": _differing(_flat(old.settings), _flat(new.settings)),
        "inputs": _differing(old.inputs, new.inputs),
        "data": _differing(_flat(old.resolved), _flat(new.resolved)) if old.settings == new.settings else [],
    }
    return "; ".join(f"{kind} changed: {', '.join(names)}" for kind, names in kinds.items() if names)


def of_run(root: str, history: Sequence[RunRecord], node_id: str, new: Fingerprint) -> str:
    """Why a node had to run that could have been cached; `history` is what ran before, newest first."""
    for record in history:
        node, old = record.node(node_id), load(root, record.id, node_id)
        if old and node and node.done:
            return changes(old, new) or "its earlier outputs are gone"
    return "first run"


def of_cached(root: str, history: Sequence[RunRecord], node_id: str, new: Fingerprint) -> str:
    """Where a cached node's outputs come from."""
    same = "same inputs, settings and sources as"
    for record in history:
        node = record.node(node_id)
        if node and node.state == "complete" and load(root, record.id, node_id) == new:
            return f"{same} run {record.id}"
    return f"{same} an earlier run"


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    differing = (key for key in {*old, *new} if old.get(key) != new.get(key))
    return sorted({key.removeprefix("custom_config.").removeprefix("settings.") for key in differing})


def _flat(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings by dotted name, with JSON inside of them unfolded."""
    flat: dict[str, str] = {}
    for key, text in settings.items():
        _unfold(key, text, flat)
    return flat


def _unfold(name: str, value: Any, flat: dict[str, str]) -> None:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            value = json.loads(value)
        except ValueError:
            flat[name] = value
            return
    if isinstance(value, dict):
        for key, part in value.items():
            _unfold(f"{name}.{key}", part, flat)
    else:
        flat[name] = str(value)
