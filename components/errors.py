"""Errors that reach a user, and the exit codes they end with.

    MillraceError
    ├── InputError      bad data, config or usage           exit 2
    │   └── ConfigError a field of a config is wrong        exit 2
    ├── GateError       a gate said no                      exit 1
    ├── NoBaselineError nothing to compare with             exit 3
    ├── NotComparableError                                  exit 4
    ├── UnavailableError what a step needs is not there now exit 75
    └── CrashError      anything else that left a node      exit 70

All of these survive pickling, because executors run in child processes.
"""

import difflib
import enum
from collections.abc import Iterable


class ExitCode(enum.IntEnum):
    """What the `millrace` process ends with; documented in the README."""

    OK = 0
    GATE = 1
    INPUT = 2
    NO_BASELINE = 3
    NOT_COMPARABLE = 4
    CRASH = 70
    UNAVAILABLE = 75  # EX_TEMPFAIL of sysexits(3)
    INTERRUPTED = 130


_WORST_FIRST = (
    ExitCode.INTERRUPTED,
    ExitCode.CRASH,
    ExitCode.UNAVAILABLE,
    ExitCode.INPUT,
    ExitCode.GATE,
    ExitCode.NOT_COMPARABLE,
    ExitCode.NO_BASELINE,
    ExitCode.OK,
)


def worst(codes: Iterable[int]) -> ExitCode:
    """What several things that were done one after the other end with; OK for none."""
    return min(map(ExitCode, codes), key=_WORST_FIRST.index, default=ExitCode.OK)


class MillraceError(Exception):
    """Base of every error whose message is written for the user: printed as it is, without a traceback."""

    exit_code = ExitCode.CRASH


class InputError(MillraceError):
    """Bad data or bad usage. The message names the file and line, the field or the flag."""

    exit_code = ExitCode.INPUT


class ConfigError(InputError):
    """A config field is unknown, of the wrong type or contradicts another."""


class GateError(MillraceError):
    """A check that guards what follows said no (anomalies, a rejected model, a NaN loss)."""

    exit_code = ExitCode.GATE


class NoBaselineError(MillraceError):
    """There is nothing to compare with."""

    exit_code = ExitCode.NO_BASELINE


class NotComparableError(MillraceError):
    """Both sides exist, but nothing in them can be compared."""

    exit_code = ExitCode.NOT_COMPARABLE


class UnavailableError(MillraceError):
    """Something elsewhere does not answer, or has too little just now: the same may succeed later."""

    exit_code = ExitCode.UNAVAILABLE


class CrashError(MillraceError):
    """A node failed for a reason that nobody foresaw; the message names its log."""


def of_code(code: int, message: str) -> MillraceError:
    """The error that ends a process with `code`, for one that another process has ended with."""
    kinds = (InputError, GateError, NoBaselineError, NotComparableError, UnavailableError)
    return next((kind for kind in kinds if kind.exit_code == code), CrashError)(message)


def close_matches(name: str, valid: Iterable[str]) -> str:
    """The hint for an unknown name, with a leading space: what is close to it whatever its case, or nothing."""
    spelled = {each.lower(): each for each in valid}
    close = difflib.get_close_matches(name.lower(), spelled, n=3)
    return f" Did you mean {' or '.join(spelled[each] for each in close)}?" if close else ""
