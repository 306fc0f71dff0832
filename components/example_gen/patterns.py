"""Paths with {SPAN}, {VERSION} and dates in them, as texts: which files they mean, and which span a file is of.

The rules are those of TFX (tfx/components/example_gen/utils.py), whose own code cannot be imported without TensorFlow;
a driver that only finds that nothing has changed would wait for it longer than for all else.
"""

import dataclasses
import datetime
import re
from collections.abc import Iterable, Iterator
from typing import Optional

from components.errors import ConfigError

# {DATE} is an ISO date; {YYYY}, {MM} and {DD} are TFX's own and allow other layouts.
_ISO_DATE = "{YYYY}-{MM}-{DD}"
_SPECIAL = re.compile(r"[*?\[{]")
_SPEC = re.compile(r"\{(SPAN|VERSION|YYYY|MM|DD)(?::0*([1-9]\d*))?\}")
_LIKE_A_SPEC = re.compile(r"\{(?:SPAN|VERSION|YYYY|MM|DD)\b[^}]*\}")
_DATE_DIGITS = {"YYYY": 4, "MM": 2, "DD": 2}
_EPOCH = datetime.date(1970, 1, 1)


@dataclasses.dataclass(frozen=True)
class Match:
    """A file of a path with placeholders.

    Attributes:
        span: for dates, days since 1970-01-01.
        version: None where the path has none.
        pattern: the path with its placeholders filled as this file has them.
    """

    file: str
    span: int
    version: Optional[int]
    pattern: str


def to_tfx(path: str) -> str:
    """`path` with {DATE} written as TFX knows it."""
    return path.replace("{DATE}", _ISO_DATE)


def has_span(path: str) -> bool:
    """Whether the path names spans.

    Raises:
        ConfigError: the placeholders contradict each other.
    """
    pattern = to_tfx(path)
    names = [spec[1] for spec in _SPEC.finditer(pattern)]
    dated = [name for name in names if name in _DATE_DIGITS]
    strange = next((text for text in _LIKE_A_SPEC.findall(pattern) if not _SPEC.fullmatch(text)), None)
    if strange:
        raise _wrong(path, f"{strange} is no placeholder: write {{SPAN}}, or {{SPAN:2}} for two digits")
    if "SPAN" in names and dated:
        raise _wrong(path, "name the span by {SPAN} or by a date, not by both")
    if names.count("SPAN") > 1 or names.count("VERSION") > 1:
        raise _wrong(path, "{SPAN} and {VERSION} may stand there once")
    if dated and sorted(dated) != sorted(_DATE_DIGITS):
        raise _wrong(path, "a date needs each of {YYYY}, {MM} and {DD} once, or {DATE}")
    if "VERSION" in names and not ("SPAN" in names or dated):
        raise _wrong(path, "{VERSION} needs a {SPAN} or a date beside it")
    return bool(names)


def divide(path: str) -> tuple[str, str]:
    """The folder above everything that varies, and the pattern below it."""
    path = to_tfx(path)
    varies = _SPECIAL.search(path)
    cut = path.rfind("/", 0, varies.start() if varies else len(path))
    return path[:cut] or "/", path[cut + 1 :]


def wildcard(path: str) -> str:
    """A pattern that all files of a path with placeholders match, and perhaps others."""
    return _SPEC.sub("*", to_tfx(path))


def matches(path: str, files: Iterable[str]) -> Iterator[Match]:
    """Those of `files` that are of a path with placeholders."""
    pattern = to_tfx(path)
    regex = re.compile(_regex(pattern))
    for file in files:
        match = regex.fullmatch(file)
        span = _span(match)
        if match is not None and span is not None:
            version = match.groupdict().get("VERSION")
            yield Match(file, span, int(version) if version else None, _filled(pattern, match))


def _filled(pattern: str, match: "re.Match[str]") -> str:
    return _SPEC.sub(lambda spec: str(match[spec[1]]), pattern)


def _wrong(path: str, why: str) -> ConfigError:
    return ConfigError(f"data.path: {why}. Received: {path!r}")


def _span(match: "Optional[re.Match[str]]") -> Optional[int]:
    if match is None:
        return None
    groups = match.groupdict()
    if "SPAN" in groups:
        return int(groups["SPAN"])
    try:
        return (datetime.date(int(groups["YYYY"]), int(groups["MM"]), int(groups["DD"])) - _EPOCH).days
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
