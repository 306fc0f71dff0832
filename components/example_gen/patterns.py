"""Paths with {SPAN}, {VERSION} and dates in them."""

import posixpath
import re
from typing import Optional

from tfx.components.example_gen import utils
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2

from components.errors import ConfigError

# {DATE} is an ISO date; {YYYY}, {MM} and {DD} are TFX's own and allow other layouts.
_ISO_DATE = "{YYYY}-{MM}-{DD}"
_SPECIAL = re.compile(r"[*?\[{]")
_SPEC = re.compile(r"\{(SPAN|VERSION|YYYY|MM|DD)(?::(\d+))?\}")
_DATE_DIGITS = {"YYYY": 4, "MM": 2, "DD": 2}


def to_tfx(path: str) -> str:
    """`path` with {DATE} written as TFX knows it."""
    return path.replace("{DATE}", _ISO_DATE)


def has_span(path: str) -> bool:
    """Whether the path names spans.

    Raises:
        ConfigError: the placeholders contradict each other.
    """
    try:
        span, date, _ = utils.verify_split_pattern_specs(example_gen_pb2.Input.Split(pattern=to_tfx(path)))
    except ValueError as error:
        raise ConfigError(f"data.path: {error}. Received: {path!r}") from error
    return span or date


def divide(path: str) -> tuple[str, str]:
    """The folder above everything that varies, and the pattern below it."""
    path = to_tfx(path)
    varies = _SPECIAL.search(path)
    cut = path.rfind("/", 0, varies.start() if varies else len(path))
    return path[:cut] or "/", path[cut + 1 :]


def spans(path: str) -> list[int]:
    """The spans that exist for `path`, in order; dates count in days since 1970-01-01. Empty without placeholders."""
    return sorted(files_by_span(path))


def files_by_span(path: str) -> dict[int, list[str]]:
    """The files of each span, sorted."""
    if not has_span(path):
        return {}
    pattern = to_tfx(path)
    regex = re.compile(_regex(pattern))
    found: dict[int, list[str]] = {}
    for file in sorted(map(str, fileio.glob(_SPEC.sub("*", pattern)))):
        span = _span(regex.fullmatch(file))
        if span is not None:
            found.setdefault(span, []).append(file)
    return found


def siblings(path: str, limit: int = 10) -> list[str]:
    """What there is in the deepest folder of `path` that exists: for a message that says what is not there."""
    folder = divide(path)[0]
    while folder not in ("", "/") and not fileio.isdir(folder):
        folder = posixpath.dirname(folder)
    try:
        return [posixpath.join(folder, name) for name in sorted(fileio.listdir(folder))[:limit]]
    except (fileio.NotFoundError, OSError):
        return []


def _span(match: "Optional[re.Match[str]]") -> Optional[int]:
    if match is None:
        return None
    groups = match.groupdict()
    if "SPAN" in groups:
        return int(groups["SPAN"])
    try:
        return utils.date_to_span_number(int(groups["YYYY"]), int(groups["MM"]), int(groups["DD"]))
    except ValueError:
        return None


def _regex(pattern: str) -> str:
    """A regular expression for the paths that `pattern` means, with a group per placeholder."""
    parts, position = [], 0
    for spec in _SPEC.finditer(pattern):
        name, width = spec[1], spec[2] or _DATE_DIGITS.get(spec[1])
        parts += [
            _glob_regex(pattern[position : spec.start()]),
            rf"(?P<{name}>\d{{{width}}})" if width else rf"(?P<{name}>\d+)",
        ]
        position = spec.end()
    return "".join(parts) + _glob_regex(pattern[position:])


def _glob_regex(text: str) -> str:
    return re.escape(text).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
