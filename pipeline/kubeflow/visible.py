"""What of a node's outputs Kubeflow's UI shows: an artifact for each, a page where there is one, metrics."""

from __future__ import annotations

import glob
import html
import json
import os
from collections.abc import Mapping
from typing import Any

from components.evaluation_report import result
from pipeline.runs import NodeRecord, write_whole

PAGE, METRICS = "page", "metrics"
_TYPES = {"Model": "system.Model", "PushedModel": "system.Model", "Examples": "system.Dataset"}
_REPORT = "HtmlReport"
_WITH_PAGES = {_REPORT, "DriftReports", "DuplicateImages"}
_WIDE = "width:100%;height:90vh;border:0"


def declared(outputs: Mapping[str, str]) -> dict[str, str]:
    """The types of Kubeflow's artifacts by name, for a node's outputs: the names of TFX's types by key."""
    found = {key: _TYPES.get(kind, "system.Artifact") for key, kind in outputs.items()}
    kinds = set(outputs.values())
    if kinds & _WITH_PAGES:
        found[PAGE] = "system.HTML"
    if _REPORT in kinds:
        found[METRICS] = "system.Metrics"
    return found


def write(node: NodeRecord, executor_input: str, page: str | None) -> None:
    """Tell Kubeflow's launcher of a node's outputs.

    Args:
        executor_input: what the launcher puts in the place of `{{$}}`, JSON.
        page: where the node's page is to lie for the launcher to upload it.
    """
    asked = json.loads(executor_input)["outputs"]
    # The launcher fails on a null.
    execution = {} if node.execution is None else {"execution": node.execution}
    metadata = {"state": node.state, **execution}
    found: dict[str, dict[str, Any]] = {
        key: {"uri": uris[0], "metadata": {**metadata, "uris": list(uris)} if len(uris) > 1 else metadata}
        for key, uris in node.artifacts.items()
        if uris
    }
    if METRICS in asked.get("artifacts", {}):
        found[METRICS] = {"metadata": _metrics(node)}
    artifacts = {
        name: {"artifacts": [{**each["artifacts"][0], **found[name]}]}
        for name, each in asked.get("artifacts", {}).items()
        if name in found
    }
    if page:
        _write_page(node, page)
    write_whole(asked["outputFile"], json.dumps({"artifacts": artifacts}))


def _metrics(node: NodeRecord) -> dict[str, float]:
    """Of all examples of the evaluated split, as the report has them."""
    [folder] = node.artifacts["report"]
    found = result.load(folder)
    return {
        f"{head.name}.{name}" if len(found.heads) > 1 else name: cell.candidate.value
        for head in found.heads
        for name, cell in head.slices[0].metrics.items()
        if cell.candidate.value is not None
    }


def _write_page(node: NodeRecord, path: str) -> None:
    """The node's page; of several one that holds them all. None where it has none, which Kubeflow allows."""
    patterns = [os.path.join(glob.escape(uri), "**", "*.html") for uris in node.artifacts.values() for uri in uris]
    texts = {page: _text(page) for pattern in patterns for page in sorted(glob.glob(pattern, recursive=True))}
    if len(texts) == 1:
        write_whole(path, *texts.values())
    elif texts:
        frames = (
            f'<h2>{html.escape(os.path.basename(os.path.dirname(page)))}</h2><iframe style="{_WIDE}" '
            f'srcdoc="{html.escape(text)}"></iframe>'
            for page, text in texts.items()
        )
        write_whole(path, "<!DOCTYPE html><meta charset=utf-8>" + "".join(frames))


def _text(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()
