"""`millrace doctor`: where it looks, and its exit codes."""

from __future__ import annotations

import pathlib

import pytest

from components.errors import ExitCode
from pipeline.cli.main import main


def told(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_it_looks_at_the_root_that_is_named(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--root", str(tmp_path)]) == ExitCode.OK
    assert f"ok root {tmp_path} can be written" in told(capsys)


def test_a_root_that_cannot_be_written_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--root", "/proc/runs"]) == ExitCode.INPUT
    assert "fail root /proc: " in told(capsys)


def test_a_variable_of_the_shell_that_is_not_set_is_no_root(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--root", ""]) == ExitCode.INPUT
    assert "--root is empty: is a variable of the shell not set?" in capsys.readouterr().err
