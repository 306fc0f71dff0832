"""Telling people of drift, each finding once, by a command or a webhook that the config names."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from pipeline import runs
from pipeline.config import Config
from pipeline.drift.of_run import comparisons
from pipeline.layout import Layout
from pipeline.runs import RunRecord

_SECONDS = 30
"""What a hook may take."""


def tell(config: Config, record: RunRecord) -> list[str]:
    """Tell the config's hook what is new in a run, and remember it under the root.

    Returns:
        What went wrong. The hook is asked again by the next run that finds the same, and not before.
    """
    hook = config.drift.hook if config.drift else None
    if not hook:
        return []
    path = Layout(config.root_path).told
    try:
        before = _remembered(path)
        for key, body in _findings(record):
            if key not in before:
                _call(hook, json.dumps(body), config.project)
                before[key] = record.id
                runs.write_whole(path, json.dumps(before, indent=1))
    except (OSError, ValueError, http.client.HTTPException, subprocess.SubprocessError) as error:
        return [f"drift.hook {_shown(hook)}: {_why(error)}. The next run tries it again"]
    return []


def _remembered(path: str) -> dict[str, str]:
    """The run that told of it, by finding."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        found: dict[str, str] = json.load(file)
    return found


def _findings(record: RunRecord) -> Iterator[tuple[str, dict[str, Any]]]:
    """A name of each finding that stays the same in other runs, and what is told of it."""
    for told in comparisons(record):
        found = told.comparison
        # Data without spans is known by what was made of it, which stays the same while it comes out of the cache.
        data = f"span {told.span}" if told.span is not None else told.folder
        about = {
            "pipeline": record.pipeline,
            "run": record.id,
            "span": told.span,
            "comparison": found.name,
            "title": found.title,
            "state": found.state,
            "page": told.page,
        }
        name = f"{record.pipeline}, {data}, {found.name}"
        if found.state == "not comparable":
            yield name, {**about, "text": f"{record.pipeline}, {found.title}: {found.verdict}"}
        for each in found.findings:
            text = f"{record.pipeline}, {found.title}: {each}"
            yield f"{name}, {each.slice}, {each.feature}", {**about, **each.model_dump(), "text": text}


def _call(hook: str, body: str, folder: str) -> None:
    if urlsplit(hook).scheme in ("http", "https"):
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(hook, body.encode(), headers, method="POST")
        with urllib.request.urlopen(request, timeout=_SECONDS):
            return
    subprocess.run(
        hook, shell=True, input=body.encode(), cwd=folder or None, timeout=_SECONDS, check=True, capture_output=True
    )


def _shown(hook: str) -> str:
    """Of a webhook its host: the rest is often a secret."""
    return urlsplit(hook).netloc if urlsplit(hook).scheme in ("http", "https") else hook


def _why(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = error.stderr.decode(errors="replace").strip().splitlines()
        return f"ended with {error.returncode}" + (f": {lines[-1]}" if lines else "")
    if isinstance(error, subprocess.TimeoutExpired):
        return f"took longer than {_SECONDS} s"
    return str(error)
