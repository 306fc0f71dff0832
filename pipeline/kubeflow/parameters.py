"""What a run may set: parameters of the pipeline, with types and defaults."""

from __future__ import annotations

import dataclasses
import json
import math
import typing
from collections.abc import Iterator
from typing import Any

from components.errors import ConfigError, close_matches
from pipeline.arguments import EXACT
from pipeline.config.config import Config
from pipeline.config.embedded import portable
from pipeline.config.load import value_of
from pipeline.config.record import Record
from pipeline.config.tree import found

ROOT, RUN_ID, JOB = "pipeline_root", "run_id", "job"
"""Of every step: where everything is kept, the id of the run (empty: the job's), and the platform's id of the job."""

_FIXED = {
    "kubeflow": "the YAML is compiled from it",
    "name": "the pipeline is called so",
    "project": "the image has it",
    "resources": "steps are placed by it when they are compiled",
    "root": f"that is the parameter {ROOT}",
}
_TYPES = {
    bool: "BOOLEAN",
    int: "NUMBER_INTEGER",
    float: "NUMBER_DOUBLE",
    str: "STRING",
    list: "LIST",
    dict: "STRUCT",
}
REPLACED = "what stands in {{ }} is replaced by Argo and by KFP's launcher"
"""Why no value can have it."""


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One parameter.

    Attributes:
        type: as KFP names it.
        field: the path in the config that it sets, as `--set` names it; empty for one that is no field.
    """

    name: str
    type: str
    default: Any
    description: str
    field: str = ""


def parameters(config: Config) -> tuple[Parameter, ...]:
    """The parameters of `config`'s pipeline, those of every step first.

    Raises:
        ConfigError: kubeflow.runtime names no field, one that cannot change in a run, or two that look the same.
    """
    found = {
        ROOT: Parameter(ROOT, "STRING", config.kubeflow.root, "Where everything is kept that runs leave behind"),
        RUN_ID: Parameter(RUN_ID, "STRING", "", "The run to go on with; empty is a new one"),
    }
    tree = portable(config)
    for path in config.kubeflow.runtime:
        made = _of_field(config, tree, path)
        if made.name in (*found, JOB):
            other = found[made.name].field if made.name in found else ""
            raise ConfigError(
                f"kubeflow.runtime: {path} would be the parameter {made.name}, which is {other or 'taken'} already"
            )
        found[made.name] = made
    return tuple(found.values())


def is_replaced(value: Any) -> bool:
    """Whether something in the value, which is JSON's, would not reach a task as it is."""
    return "{{" in json.dumps(value, ensure_ascii=False)


def _of_field(config: Config, tree: dict[str, Any], path: str) -> Parameter:
    parts = path.split(".")
    if parts[0] in _FIXED:
        raise ConfigError(f"kubeflow.runtime: {path} is not for a run to set: {_FIXED[parts[0]]}")
    annotation = _annotation(config, path)
    value = found(tree, parts)
    optional = " (empty: as it was compiled)" if value is None else ""
    kind = "STRING" if value is None else _TYPES[type(value)]
    if kind == "NUMBER_INTEGER" and float in _members(annotation):
        kind = "NUMBER_DOUBLE"
    _check_default(path, value)
    default = "" if value is None else value
    return Parameter(path.replace(".", "_"), kind, default, f"The config's {path}{optional}", path)


def _annotation(config: Config, path: str) -> Any:
    """How the field at `path` is declared; Any for an item of a collection."""
    node: Any = config
    annotation: Any = None
    for part in path.split("."):
        if isinstance(node, Record):
            fields = {field.alias or name: name for name, field in type(node).model_fields.items()}
            if part not in fields:
                hint = close_matches(part, fields)
                raise ConfigError(
                    f"kubeflow.runtime: {path}: {type(node).__name__} has no field {part!r}.{hint} "
                    f"Valid fields: {', '.join(fields)}"
                )
            annotation = type(node).model_fields[fields[part]].annotation
            node = getattr(node, fields[part])
        elif isinstance(node, dict) and part in node:
            annotation, node = Any, node[part]
        elif isinstance(node, tuple) and part.isdecimal() and int(part) < len(node):
            annotation, node = Any, node[int(part)]
        else:
            raise ConfigError(f"kubeflow.runtime: {path}: there is no {part!r} in what this config has there: {node!r}")
    return annotation


def _members(annotation: Any) -> tuple[Any, ...]:
    """The types that a field may have."""
    inside = [_members(each) for each in typing.get_args(annotation)]
    return (annotation, *(each for members in inside for each in members))


def _check_default(path: str, value: Any) -> None:
    """What a run does not set goes through KFP and `--set`, and must come back as it was."""
    numbers = list(_numbers(value))
    if not all(map(math.isfinite, numbers)):
        problem = "KFP has no such number"
    elif any(isinstance(number, int) and abs(number) > EXACT for number in numbers):
        problem = "KFP's numbers are not exact there"
    elif is_replaced(value):
        problem = REPLACED
    elif isinstance(value, str) and value and value_of(value) != value:
        problem = f"as a parameter it would be read as {value_of(value)!r}"
    else:
        return
    raise ConfigError(f"kubeflow.runtime: {path} is {value!r}: {problem}")


def _numbers(value: Any) -> Iterator[float]:
    """All that are in a value, which is JSON's."""
    if isinstance(value, (int, float)):
        yield value
    elif isinstance(value, (list, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _numbers(each)
