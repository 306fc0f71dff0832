"""`millrace rollback` on a serving directory as the Pusher leaves it."""

import os

import pytest

from components.errors import ExitCode
from pipeline.cli.main import main
from tests.components.pusher.test_versions import push

CONFIG = """
import pipeline.config as c


def get_config():
    return c.Config(
        name="tiny", data=c.Data(path="rows.csv"), heads=(c.Head(label="y"),), features=(c.Numeric(column="x"),), {more}
    )
"""


@pytest.fixture
def config(tmp_path) -> str:
    (tmp_path / "tiny.py").write_text(CONFIG.format(more=""))
    return str(tmp_path / "tiny.py")


def test_the_version_before_is_served_again(config, tmp_path, capsys):
    serving = tmp_path / "runs/serving/tiny"
    for _ in range(3):
        push(str(serving))
    assert main(["rollback", config]) == ExitCode.OK
    assert capsys.readouterr().out == f"{serving} serves version 2 again\n"
    assert sorted(os.listdir(serving)) == [".given", ".withdrawn", "1", "2"]
    assert main(["rollback", config]) == ExitCode.OK
    assert capsys.readouterr().out == f"{serving} serves version 1 again\n"


def test_the_only_version_stays(config, tmp_path, capsys):
    serving = tmp_path / "runs/serving/tiny"
    push(str(serving))
    assert main(["rollback", config]) == ExitCode.INPUT
    message = "holds version 1 and none before it, so there is nothing to roll back to"
    assert capsys.readouterr().err == f"millrace: {serving} {message}\n"
    assert sorted(os.listdir(serving)) == [".given", "1"]


def test_nothing_was_pushed_yet(config, tmp_path, capsys):
    assert main(["rollback", config]) == ExitCode.INPUT
    assert "runs/serving/tiny holds no pushed model. Run the pipeline until" in capsys.readouterr().err
    assert not os.path.exists(tmp_path / "runs")


def test_another_root_and_a_serving_directory_of_ones_own(config, tmp_path, capsys):
    for folder in ("other/serving/tiny", "models"):
        push(str(tmp_path / folder))
        push(str(tmp_path / folder))
    assert main(["rollback", config, "--root", str(tmp_path / "other")]) == ExitCode.OK
    assert f"{tmp_path}/other/serving/tiny serves version 1" in capsys.readouterr().out

    (tmp_path / "mine.py").write_text(CONFIG.format(more='pusher=c.Pusher(path="models")'))
    assert main(["rollback", str(tmp_path / "mine.py")]) == ExitCode.OK
    assert f"{tmp_path}/models serves version 1" in capsys.readouterr().out
