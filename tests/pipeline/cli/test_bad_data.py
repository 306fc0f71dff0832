"""Bad data at the command line: exit code 2 and a message that names the place, no traceback, nothing pushed."""

import json
import subprocess
import sys
import textwrap

import pytest

CASES = {
    "malformed": (b"x,y\n1.5,0\n2.5\n3.5,1\n", "rows.csv, line 3: "),
    "twins": (b"x,x,y\n1,2,0\n", "columns 1 and 2 are both named 'x'"),
    "empty": (b"", "the file is empty"),
    "header": (b"x,y\n", "there is a header at most, but no row"),
    "latin": (b"x,y\nM\xfcnchen,0\n", "rows.csv, line 2: "),
    "nothing": (None, "nothing to read"),
}
CONFIG = """
    import pipeline.config as c


    def get_config():
        return c.Config(
            name="bad",
            data=c.Data(path="rows.csv"),
            heads=(c.Head(label="y"),),
            features=(c.ZScore(column="x"),),
        )
"""
RUN_ALL = """
import contextlib, io, json, sys
from pipeline.cli.main import main
answers = {}
for folder in sys.argv[1:]:
    with contextlib.redirect_stderr(io.StringIO()) as err:
        answers[folder] = main(["run", folder + "/bad.py"]), err.getvalue()
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Exit code, standard error and standard output of a run per case; one process, as importing TFX takes long."""
    folders = {}
    for name, (data, _) in CASES.items():
        folder = folders[name] = tmp_path_factory.mktemp(name)
        (folder / "bad.py").write_text(textwrap.dedent(CONFIG))
        if data is not None:
            (folder / "rows.csv").write_bytes(data)
    command = [sys.executable, "-c", RUN_ALL, *map(str, folders.values())]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    *shown, last = answer.stdout.splitlines()
    codes = json.loads(last)
    return {name: (folder, *codes[str(folder)]) for name, folder in folders.items()}, "\n".join(shown) + answer.stderr


@pytest.mark.parametrize("name", CASES)
def test_bad_data_ends_with_2_and_names_the_place(answers, name):
    folder, code, err = answers[0][name]
    assert code == 2
    assert err.startswith("millrace: ExampleGen: ")
    assert CASES[name][1] in err
    assert str(folder) in err


def test_nothing_else_is_shown(answers):
    assert "Traceback" not in answers[1] + "".join(err for _, _, err in answers[0].values())
    assert "\x1b" not in answers[1]


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_pushed_and_the_run_is_on_record(answers, name):
    folder = answers[0][name][0]
    assert not (folder / "runs/serving").exists()
    (record,) = (folder / "runs/runs").glob("*/run.json")
    assert json.loads(record.read_text())["state"] == "failed"
