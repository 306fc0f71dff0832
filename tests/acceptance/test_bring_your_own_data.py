"""The README's "Bring your own data", followed to the letter: from a CSV file to predictions of a pushed model."""

import csv
import pathlib
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.acceptance

README = pathlib.Path(__file__).parents[2] / "README.md"


def commands():
    """The lines of the section's shell block."""
    section = re.search(r"^## Bring your own data\n(.*?)^## ", README.read_text(), re.MULTILINE | re.DOTALL)[1]
    return re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1]


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """An empty folder with the installed environment in it, and what is there once the commands have run."""
    folder = tmp_path_factory.mktemp("mine")
    (folder / ".venv").symlink_to(sys.prefix)
    answer = subprocess.run(["bash", "-e", "-c", commands()], cwd=folder, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return folder, answer.stdout


def test_the_config_is_the_users_file(followed):
    folder, _ = followed
    assert 'c.Head(label="target", task="binary")' in (folder / "tumours.py").read_text()


def test_a_model_is_pushed(followed):
    folder, out = followed
    (version,) = (folder / "runs/serving/tumours").glob("[0-9]*")
    assert (version / "saved_model.pb").is_file()
    assert str(version) in out


def test_every_row_gets_its_prediction(followed):
    """CSV in, CSV out: the rows as they were, in their order, with what the model says of each."""
    folder, _ = followed
    with (folder / "tumours.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    shards = sorted((folder / "predictions").iterdir())
    predicted = [row for shard in shards for row in csv.DictReader(shard.open(newline=""))]
    assert [{name: row[name] for name in rows[0]} for row in predicted] == rows
    right = sum(row["predicted"] == row["target"] for row in predicted)
    assert right > 0.9 * len(rows)
