"""Names that must differ."""

from __future__ import annotations

from collections.abc import Iterable

from components.errors import ConfigError


def refuse_twins(what: str, names: Iterable[str]) -> None:
    """Raises ConfigError, which begins with `what`, where a name stands there more than once."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ConfigError(f"{what} {name!r} stands there more than once")
        seen.add(name)
