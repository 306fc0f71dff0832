"""New data stops a run, `millrace schema accept` takes it in, and the run passes."""

from __future__ import annotations

import pathlib
import re

import pytest

from components.errors import ExitCode
from tests.pipeline.cli.shell import Answer, millrace
from tests.pipeline.cli.test_schema import CONFIG, SPLITS, rows

pytestmark = pytest.mark.acceptance


def test_from_inference_to_a_run_that_new_data_had_stopped(tmp_path: pathlib.Path) -> None:
    def schema(command: str) -> Answer:
        return millrace("schema", command, config)

    config, path = tmp_path / "shop.py", tmp_path / "schemas/shop.pbtxt"
    # A split without rows is an anomaly of its own.
    text = CONFIG.replace(SPLITS, "train=2, eval=1, test=0")
    config.write_text(text)
    (tmp_path / "day-1.csv").write_text(rows("rgb", 50))
    assert schema("infer").code == ExitCode.OK
    config.write_text(text.replace("path=None", 'path="schemas/shop.pbtxt"'))
    path.write_text(path.read_text().replace("type: INT", "type: INT\n  # Euros.\n  int_domain { min: 0 max: 60 }", 1))
    assert schema("diff").code == ExitCode.OK

    (tmp_path / "day-2.csv").write_text(rows("rgbv", 70))
    run = ("run", config, "--to", "AnomalyGate")
    stopped = millrace(*run)
    assert stopped.code == ExitCode.GATE
    assert "Unexpected string values" in stopped.err

    differs = schema("diff")
    assert differs.code == ExitCode.GATE
    assert "in span 2, as a run has counted it" in differs.out
    changed = [line for line in schema("accept").out.splitlines() if re.match("[-+] ", line)]
    assert changed == ["-  int_domain { min: 0 max: 60 }", "+  int_domain { min: 0 max: 69 }", '+  value: "v"']
    assert "# Euros." in path.read_text()
    assert millrace(*run).code == ExitCode.OK
    assert schema("diff").code == ExitCode.OK
