"""Telling people of drift, each finding once, by a command or a webhook that the config names."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import time
import urllib.parse
import urllib.request

from components.errors import InputError
from pipeline.config import Config
from pipeline.config.drift import WEBHOOK, check_hook, variable_of
from pipeline.drift import alarms
from pipeline.runs import RunRecord

_SECONDS = 30
"""What a hook may take for a call; after so long no other call is begun in a run."""
_SAFE = "!#$%&'()*+,/:;=?@[]~"
"""What stays as it is in an address (RFC 3986, section 2.2); a letter such as é is written in ASCII."""


def tell(config: Config, record: RunRecord) -> list[str]:
    """Tell the config's hook what earlier runs could not, and what is new in this one.

    Returns:
        What went wrong. What the hook could not be told is kept under the root for the next run.
    """
    hook = config.drift.hook if config.drift else None
    if not hook:
        return []
    try:
        with alarms.held(config.root_path):
            return _tell(hook, config, record)
    except InputError as error:
        return [str(error)]


def _tell(hook: str, config: Config, record: RunRecord) -> list[str]:
    """Raises InputError where the run's comparisons or what is remembered cannot be read or written."""
    before = alarms.load(config.root_path)
    left = before.owing(record)
    if left != before:
        alarms.save(config.root_path, left)  # first of all: a hook may take long, and the run be killed
    problems = []
    begun = time.monotonic()
    for alarm in left.owed_to(record.pipeline):
        try:
            if time.monotonic() - begun > _SECONDS:
                raise TimeoutError(f"took longer than {_SECONDS} s for all calls")
            _call(_resolved(hook), json.dumps(alarm.body), config.project)
        except (OSError, ValueError, http.client.HTTPException, subprocess.SubprocessError) as error:
            problems.append(f"drift.hook {_shown(hook)}: {_why(error)}. The next run tells it again")
        else:
            left = left.without(alarm)
            alarms.save(config.root_path, left)
    return list(dict.fromkeys(problems))


def _resolved(hook: str) -> str:
    """Raises ValueError where an environment variable should hold it and does not."""
    variable = variable_of(hook)
    if variable is None:
        return hook
    held = os.environ.get(variable, "").strip()
    if not held or variable_of(held):
        raise ValueError(f"the environment variable {variable} holds neither a URL nor a command")
    check_hook(f"the environment variable {variable}", held)
    return held


def _call(hook: str, body: str, folder: str) -> None:
    if WEBHOOK.match(hook):
        headers = {"Content-Type": "application/json"}
        address = urllib.parse.quote(hook, safe=_SAFE)
        request = urllib.request.Request(address, body.encode(), headers, method="POST")
        with urllib.request.urlopen(request, timeout=_SECONDS):
            return
    subprocess.run(
        hook, shell=True, input=body.encode(), cwd=folder or None, timeout=_SECONDS, check=True, capture_output=True
    )


def _shown(hook: str) -> str:
    """Of a webhook its host: the rest is often a secret."""
    address = WEBHOOK.match(hook)
    return re.split(r"[/?#]", hook[address.end() :])[0].rpartition("@")[2] if address else hook


def _why(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = error.stderr.decode(errors="replace").strip().splitlines()
        return f"ended with {error.returncode}" + (f": {lines[-1]}" if lines else "")
    if isinstance(error, subprocess.TimeoutExpired):
        return f"took longer than {_SECONDS} s"
    return str(error)
