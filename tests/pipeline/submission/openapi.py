"""KFP's published API (kfp_v2beta1.json, and of v1beta1 one call) as a checker of calls and answers."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema

HERE = pathlib.Path(__file__).parent
_FORMATS = {
    "date-time": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$",
    "int64": r"^-?\d+$",
    "byte": r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
}
_ANYTHING: tuple[tuple[str, ...], ...] = (
    # protobuf's Value: a string, a number, a list, …; swagger 2.0 has no word for it, and the file says "object".
    ("v2beta1RuntimeConfig", "parameters"),
    ("PipelineSpecRuntimeConfig", "parameters"),
)
_UNPUBLISHED: dict[str, tuple[str, ...]] = {
    # What backend/src/apiserver/main.go and frontend/server/handlers/healthz.ts answer beyond the published API.
    "v2beta1GetHealthzResponse": ("commit_sha", "tag_name", "apiServerTagName"),
}
"""Texts, by definition."""


class Violation(Exception):
    """A call or an answer that the published API does not have."""


@dataclasses.dataclass(frozen=True)
class Operation:
    """One call of the API, and what a request gave for its path."""

    id: str
    spec: Mapping[str, Any]
    api: Mapping[str, Any]
    path: Mapping[str, str]


def find(method: str, path: str) -> Operation:
    """The operation of that request.

    Raises:
        Violation: the API has none.
    """
    for api in _APIS:
        for template, operations in api["paths"].items():
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/:]+)", re.escape(template))
            found = re.fullmatch(pattern, path)
            if found and method.lower() in operations:
                spec = operations[method.lower()]
                if "{" in template and any(path in each["paths"] for each in _APIS):
                    continue  # pipelines/upload is no pipeline's id
                return Operation(spec["operationId"], spec, api, found.groupdict())
    raise Violation(f"the API has no {method} {path}")


def check_request(
    operation: Operation, query: Mapping[str, list[str]], body: Any, files: Mapping[str, bytes] | None
) -> None:
    """Raises Violation for anything that the API does not take there."""
    takes = {each["name"]: each for each in operation.spec.get("parameters", ())}
    for name, values in query.items():
        if takes.get(name, {}).get("in") != "query":
            raise Violation(f"{operation.id} takes no {name} in its query")
        if len(values) > 1 or (takes[name]["type"] == "integer" and not values[0].isdigit()):
            raise Violation(f"{operation.id}: {name} is {values}")
    for name, each in takes.items():
        if each["in"] == "formData" and name not in (files or {}):
            raise Violation(f"{operation.id} wants a file {name}, and got {sorted(files or {})}")
        if each["in"] == "body":
            _check(operation, each["schema"], body)
    if body is not None and not any(each["in"] == "body" for each in takes.values()):
        raise Violation(f"{operation.id} takes no body")


def check_answer(operation: Operation, status: int, body: Any) -> None:
    """Raises Violation for anything that the API does not answer there."""
    responses = operation.spec["responses"]
    _check(operation, responses.get(str(status), responses["default"])["schema"], body)


def _check(operation: Operation, schema: Mapping[str, Any], content: Any) -> None:
    whole = {**schema, "definitions": operation.api["definitions"]}
    errors = sorted(jsonschema.Draft4Validator(whole).iter_errors(content), key=lambda error: list(error.path))
    if errors:
        where = "/".join(map(str, errors[0].path))
        raise Violation(f"{operation.id}: {where}: {errors[0].message}")


def _load(name: str) -> dict[str, Any]:
    api: dict[str, Any] = json.loads((HERE / name).read_text())
    for title, field in _ANYTHING:
        if title in api["definitions"]:
            api["definitions"][title]["properties"][field]["additionalProperties"] = True
    for title, fields in _UNPUBLISHED.items():
        if title in api["definitions"]:
            api["definitions"][title]["properties"].update({field: {"type": "string"} for field in fields})
    for schema in _schemas(api["definitions"]):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        if schema.get("type") == "string" and schema.get("format") in _FORMATS:
            schema["pattern"] = _FORMATS[schema["format"]]
    return api


def _schemas(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield value
        for each in value.values():
            yield from _schemas(each)


_APIS = [_load("kfp_v2beta1.json"), _load("kfp_v1beta1.json")]
