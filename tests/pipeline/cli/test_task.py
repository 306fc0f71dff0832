"""`millrace task`: what a container is given, before anything runs."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

from pipeline.cli.main import main
from pipeline.kubeflow.specification import _COMMAND


def test_it_is_not_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert " task " not in capsys.readouterr().out
    assert main(["task", "--help"]) == 0


def test_code_of_a_project_is_found_by_its_module(tmp_path: pathlib.Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/labels.py").write_text("raise SystemExit('the project was imported')")
    # With -I as the installed command has it: the working directory is not in the path by itself.
    code = "from pipeline.cli.main import main; main(['task', 'start']); import mine.labels"
    command = [sys.executable, "-I", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "the project was imported" in done.stderr


def test_modules_of_a_project_do_not_hide_pythons(tmp_path: pathlib.Path) -> None:
    for name in ("types", "queue", "dataclasses"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the project was imported')")
    environment = {"PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}
    command = [*_COMMAND, "node", "Trainer", "--root", str(tmp_path / "none"), "--run-id", "r", "--job", "j"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("millrace: ")
    assert "No run 'r'" in done.stderr
