"""`millrace drift suggest` on files: a patch on the terminal, and a schema changed by it."""

from __future__ import annotations

import pathlib
import subprocess

import pytest
import tensorflow_data_validation as tfdv

from components.errors import ExitCode
from pipeline.cli.main import main
from tests.pipeline.cli.test_drift import table

DAYS = 6
SCHEMA = """\
feature {
  name: "height"  # in metres
  type: FLOAT
}
feature { name: "colour" type: BYTES }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Statistics of some days."""
    folder = tmp_path_factory.mktemp("days")
    for day in range(DAYS):
        found = tfdv.generate_statistics_from_dataframe(table(0.05 * day, day, 600), n_jobs=1)
        (folder / f"day-{day}.pb").write_bytes(found.SerializeToString())
    return folder


def test_a_patch_is_printed_or_applied(
    folder: pathlib.Path, tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    schema = tmp_path / "schema.pbtxt"
    schema.write_text(SCHEMA)
    days = [str(folder / f"day-{day}.pb") for day in range(DAYS)]
    assert main(["drift", "suggest", *days, "--schema", str(schema)]) == ExitCode.OK
    patch = capfd.readouterr().out
    assert patch.startswith(
        f"# from {DAYS - 1} steps between {', '.join(days)}\n# not in the schema: weight\n--- {schema}\n"
    )
    assert '+  annotation { tag: "drift:kolmogorov_smirnov=' in patch
    assert schema.read_text() == SCHEMA
    assert main(["drift", "suggest", *days, "--schema", str(schema), "--write"]) == ExitCode.OK
    written = schema.read_text()
    assert "# in metres" in written
    schema.write_text(SCHEMA)
    subprocess.run(["patch", "--quiet", str(schema)], input=patch, text=True, check=True)
    assert schema.read_text() == written
    assert main(["drift", *days[-2:], "--schema", str(schema)]) == ExitCode.OK
    capfd.readouterr()
    main(["drift", "suggest", *days, "--schema", str(schema), "--write"])
    assert capfd.readouterr().out.endswith(f"# {schema} says so already\n")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["{days}/day-0.pb", "{days}/day-1.pb", "--schema", "{schema}"], ExitCode.NO_BASELINE, "run on 1 more"),
        (["{days}/day-0.pb", "--schema", "{schema}"], ExitCode.NO_BASELINE, "there is 1: run on 2 more"),
        (["taxi", "--root", "{days}"], ExitCode.NO_BASELINE, "no run of taxi has counted a span yet"),
        (["taxy"], ExitCode.INPUT, "no config is called 'taxy'. Did you mean taxi?"),
        (["{days}/day-0.pb", "{days}/day-1.pb"], ExitCode.INPUT, "name the schema to patch with --schema"),
        (["{days}/day-0.pb", "x.pb", "--schema", "{schema}"], ExitCode.INPUT, "x.pb: no such file"),
        (["{days}/day-0.pb", "--schema", "{days}/none.pbtxt"], ExitCode.INPUT, "none.pbtxt: no such file"),
        ([], ExitCode.INPUT, "Missing argument"),
    ],
    ids=["two", "one", "no runs", "no config", "no schema", "no statistics", "no file", "nothing"],
)
def test_what_is_not_enough(
    folder: pathlib.Path, tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str], arguments: list, code: int,
    message: str,
) -> None:  # fmt: skip
    schema = tmp_path / "schema.pbtxt"
    schema.write_text(SCHEMA)
    words = [each.format(days=folder, schema=schema) for each in arguments]
    assert main(["drift", "suggest", *words]) == code
    error = capfd.readouterr().err
    assert message in error
    assert "Traceback" not in error
