"""Values inside a config, by the dotted paths that `--set` and the Tuner's space name them with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.errors import ConfigError


def replaced(node: Any, path: Sequence[str], value: Any) -> Any:
    """`node`, a config as dicts and sequences, with `value` at `path`.

    Names are not checked: validating the result does that.

    Raises:
        ConfigError: a part of the path is no index of the sequence there.
    """
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(node, (list, tuple)):
        if not key.isdecimal() or int(key) >= len(node):
            raise ConfigError(f"{key!r} is no index here: write a number below {len(node)}")
        index = int(key)
        return (*node[:index], replaced(node[index], rest, value), *node[index + 1 :])
    record = node if isinstance(node, dict) else {}
    return {**record, key: replaced(record.get(key), rest, value)}


def found(node: Any, path: Sequence[str]) -> Any:
    """What is at `path`, which must be there."""
    for key in path:
        node = node[int(key)] if isinstance(node, (list, tuple)) else node[key]
    return node
