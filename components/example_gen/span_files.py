"""The files that there are of paths with {SPAN}, {VERSION} and dates in them."""

import posixpath
from collections.abc import Iterator
from typing import Optional

from tfx.dsl.io import fileio

from components.example_gen import patterns
from components.example_gen.patterns import Match


def spans(path: str) -> list[int]:
    """The spans that exist for `path`, in order; dates count in days since 1970-01-01. Empty without placeholders."""
    return sorted(files_by_span(path))


def files_by_span(path: str) -> dict[int, list[str]]:
    """The files of each span, sorted."""
    found: dict[int, list[str]] = {}
    for match in _matches(path):
        found.setdefault(match.span, []).append(match.file)
    return found


def chosen(path: str, span: Optional[int]) -> Optional[Match]:
    """A file of the newest version of `span`, or of the newest span where that is None; None where there is none."""
    of_span = [match for match in _matches(path) if span is None or match.span == span]
    return max(of_span, key=lambda match: (match.span, match.version or 0), default=None)


def siblings(path: str, limit: int = 10) -> list[str]:
    """What there is in the deepest folder of `path` that exists: for a message that says what is not there."""
    folder = patterns.divide(path)[0]
    while folder not in ("", "/") and not fileio.isdir(folder):
        folder = posixpath.dirname(folder)
    try:
        return [posixpath.join(folder, name) for name in sorted(fileio.listdir(folder))[:limit]]
    except (fileio.NotFoundError, OSError):
        return []


def _matches(path: str) -> Iterator[Match]:
    """All files of a path, sorted; none where it has no placeholders."""
    if patterns.has_span(path):
        yield from patterns.matches(path, sorted(map(str, fileio.glob(patterns.wildcard(path)))))
