import errno
import pickle
import signal

import pytest

from components.errors import CrashError, GateError, InputError
from pipeline.runners.failures import of_dead_child, of_exception
from pipeline.runners.server import ChildDied

BEAM = """Traceback (most recent call last):
  File "apache_beam/runners/common.py", line 1495, in process
components.errors.InputError: trips.csv:7: 3 cells, expected 4

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "sdk_worker.py", line 311, in _execute
components.errors.InputError: trips.csv:7: 3 cells, expected 4
  in the header: a,b,c,d [while running 'Parse/ParDo(Parse)']"""


def test_our_errors_are_found_in_the_text_that_beam_makes_of_them():
    found = of_exception(RuntimeError(BEAM), "/")
    assert type(found) is InputError
    assert str(found) == "trips.csv:7: 3 cells, expected 4\n  in the header: a,b,c,d"


def test_our_errors_are_found_behind_others():
    error = ValueError("wrapped")
    error.__cause__ = GateError("the loss is NaN")
    found = pickle.loads(pickle.dumps(of_exception(error, "/")))
    assert (type(found), str(found)) == (GateError, "the loss is NaN")


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("UNKNOWN: a/b; No space left on device"),
        RuntimeError("SQL error: database or disk is full"),
        RuntimeError("Error when executing query: cannot commit - no transaction is active query: COMMIT;"),
    ],
)
def test_a_full_disk_is_named(error, tmp_path):
    found = of_exception(error, str(tmp_path / "not" / "yet"))
    assert type(found) is InputError
    assert str(found).startswith(f"{tmp_path}: no space left on its disk (")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (KeyError("fare"), "KeyError: 'fare'"),
        (ValueError("bad shape\n  at x"), "ValueError: bad shape"),
        (RuntimeError("Traceback (most recent call last):\n  File\nZeroDivisionError: x [while running 'A']"),
         "RuntimeError: ZeroDivisionError: x"),
        (ValueError(), "ValueError: no message"),
    ],
)  # fmt: skip
def test_anything_else_is_a_crash_told_in_one_line(error, text):
    found = of_exception(error, "/")
    assert (type(found), str(found)) == (CrashError, text)


def test_a_dead_child_is_told_by_its_signal_or_status():
    assert str(of_dead_child(ChildDied(signal.SIGSEGV, None))) == "its process was killed by signal 11 (SIGSEGV)"
    assert str(of_dead_child(ChildDied(None, 3))) == "its process exited with status 3"
