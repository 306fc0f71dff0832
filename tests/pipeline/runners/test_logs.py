"""Logs go to files; a full disk under them prints nothing."""

import contextlib
import logging

import pytest

from pipeline.runners import logs


@pytest.mark.parametrize("into", [logs.quiet, logs.of_thread])
def test_a_line_that_finds_no_room_is_lost_in_silence(into, capfd):
    with contextlib.suppress(OSError), into("/dev/full"):
        logging.getLogger("any").error("a line")
    assert "Logging error" not in "".join(capfd.readouterr())


def test_a_line_that_cannot_be_written_for_another_reason_is_told(tmp_path, capfd):
    with logs.quiet(str(tmp_path / "log")):
        logging.getLogger("any").error("%d", "no number")
    assert "Logging error" in capfd.readouterr().err
