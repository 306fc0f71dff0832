"""`millrace flink` where no cluster is up. What brings one up is in tests/acceptance/test_flink_cluster.py."""

from __future__ import annotations

import pathlib

from components.errors import ExitCode
from tests.pipeline.cli import shell


def test_status_says_that_none_is_up(tmp_path: pathlib.Path) -> None:
    answer = shell.millrace("flink", "status", "--dir", tmp_path)
    assert (answer.code, answer.out) == (ExitCode.INPUT, "not up\n")


def test_down_where_none_is_up_does_nothing(tmp_path: pathlib.Path) -> None:
    answer = shell.millrace("flink", "down", "--dir", tmp_path)
    assert (answer.code, answer.out) == (ExitCode.OK, "it was not up\n")
