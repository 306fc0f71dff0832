"""What client and workers compare."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys

import pytest

from pipeline.flink import workers

CHECKOUT = pathlib.Path(workers.__file__).parents[2]


@pytest.mark.parametrize("file", ["pipeline/prediction/steps.py", "pipeline/references.py", "components/saved_model.py"])
def test_other_code_is_seen_wherever_workers_run_it(tmp_path: pathlib.Path, file: str) -> None:
    for package in ("pipeline", "components"):
        shutil.copytree(CHECKOUT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    before = code_of(tmp_path)
    with (tmp_path / file).open("a") as code:
        code.write("# edited\n")
    assert before == workers.versions()["code of millrace"]
    assert code_of(tmp_path) != before


def code_of(checkout: pathlib.Path) -> str:
    """What workers there say of their code."""
    told = "from pipeline.flink import workers; print(workers.versions()['code of millrace'])"
    done = subprocess.run([sys.executable, "-c", told], cwd=checkout, capture_output=True, text=True, check=True)
    return done.stdout.strip()
