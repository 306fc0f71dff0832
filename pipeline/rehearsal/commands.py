"""The executor's input and the command of a task (driver.go, provisionOutputs; launcher_v2.go, getPlaceholders)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from components.errors import InputError
from pipeline.rehearsal.reading import Step
from pipeline.rehearsal.runtime import Place
from pipeline.rehearsal.spec import Artifact
from pipeline.rehearsal.values import as_json, text

LOGS = "executor-logs"
"""An output of every task, beside those that it declares (provisionOutputs): the launcher writes what the program
prints there, too, unless the backend's owner has set PUBLISH_LOGS to something else than true (getLogWriter)."""
_LOGS = Artifact.model_validate({"artifactType": {"schemaTitle": "system.Artifact"}})
_UNREPLACED = re.compile(r"\{\{\$.*?\}\}")
_EXPANDED = re.compile(r"\$\$|\$\(")
"""What Kubernetes itself replaces in commands and variables: $(NAME), and $$ by $."""


def executor_input(step: Step, inputs: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """The ExecutorInput message as JSON has it: empty maps are left out."""
    artifacts = {
        key: {
            "artifacts": [
                {
                    "type": artifact.artifact_type.model_dump(by_alias=True, exclude_defaults=True),
                    "uri": f"{place.uri_root}/{key}",
                    **({"metadata": artifact.metadata} if artifact.metadata else {}),
                }
            ]
        }
        for key, artifact in {**step.component.output_definitions.artifacts, LOGS: _LOGS}.items()
    }
    return {
        "inputs": {"parameterValues": dict(inputs)} if inputs else {},
        "outputs": {"outputFile": place.output_file, "artifacts": artifacts},
    }


def command(step: Step, given: Mapping[str, Any], place: Place) -> list[str]:
    """The container's command and arguments, all placeholders replaced.

    Raises:
        InputError: a placeholder is none that the launcher knows, and would reach the program as it is; or Kubernetes
            would change an argument.
    """
    replacements = _placeholders(given, place)
    words = []
    for word in (*step.container.command, *step.container.args):
        if _EXPANDED.search(word):
            raise InputError(f"task {step.name}: the rehearsal does not understand $( and $$ in commands: {word!r}")
        for placeholder, value in replacements.items():
            word = word.replace(placeholder, value)
        left = _UNREPLACED.search(word)
        if left:
            raise InputError(
                f"task {step.name}: the backend does not replace {left[0]} in commands, and the program would get it "
                f"as it is. It replaces: {', '.join(replacements)}"
            )
        words.append(word)
    if not words:
        raise InputError(f"task {step.name}: its container has no command; the launcher needs one")
    return words


def _placeholders(given: Mapping[str, Any], place: Place) -> dict[str, str]:
    found = {"{{$}}": as_json(given)}
    for key, artifacts in given["outputs"]["artifacts"].items():
        uri = artifacts["artifacts"][0]["uri"]
        found[f"{{{{$.outputs.artifacts['{key}'].uri}}}}"] = uri
        found[f"{{{{$.outputs.artifacts['{key}'].path}}}}"] = place.path_of(uri)
    for name, value in given["inputs"].get("parameterValues", {}).items():
        found[f"{{{{$.inputs.parameters['{name}']}}}}"] = text(value)
    return found
