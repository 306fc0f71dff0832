"""Which Java is taken."""

from __future__ import annotations

import pathlib

import pytest

from components.errors import InputError
from pipeline.flink import java


def test_without_java_it_is_said_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="no java in PATH: sudo apt-get install openjdk-17-jre-headless"):
        java.found()


@pytest.mark.parametrize("told", ['openjdk version "21.0.2" 2024-01-16', 'java version "1.8.0_402"', "rubbish"])
def test_another_java_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, told: str) -> None:
    program = tmp_path / "java"
    program.write_text(f"#!/bin/sh\necho '{told}' >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=f"Flink needs Java 17, and .*{told.split()[0]}"):
        java.found()
