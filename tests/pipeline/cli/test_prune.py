"""`millrace prune` on a root with a real metadata store."""

import os

import pytest

from components.errors import ExitCode
from pipeline.cli.main import main
from pipeline.runners import lock
from pipeline.runs import list_runs
from tests.pipeline.runners.test_pruning import Root


@pytest.fixture
def root(tmp_path):
    return Root(tmp_path)


def left(root) -> list[str]:
    return [record.id for record in list_runs(root.path)]


def test_nothing_goes_without_yes_and_then_it_does(root, capsys):
    old = root.run(1, days_ago=40)
    root.run(2, days_ago=0)
    args = ["prune", "--root", root.path, "--keep", "1"]

    assert main(args) == ExitCode.OK
    *listed, last = capsys.readouterr().out.splitlines()
    assert listed[0] == "run-1"
    assert set(old.values()) | {root.layout.run("run-1"), root.layout.checkpoints("run-1")} == set(listed[1:])
    assert last == "would remove 1 runs, 4 folders, 0.0 MiB; add --yes to do so"
    assert left(root) == ["run-1", "run-2"]

    assert main([*args, "--yes"]) == ExitCode.OK
    assert capsys.readouterr().out.splitlines() == [*listed, "removed 1 runs, 4 folders, 0.0 MiB"]
    assert left(root) == ["run-2"]
    assert not any(os.path.exists(path) for path in listed[1:])

    assert main([*args, "--yes"]) == ExitCode.OK
    assert capsys.readouterr().out == "removed 0 runs, 0 folders, 0.0 MiB\n"
    assert main(["show", "run-1", "--root", root.path]) == ExitCode.INPUT
    assert "No run 'run-1' under" in capsys.readouterr().err


def test_ten_runs_and_thirty_days_stay_unless_told_otherwise(root):
    for number in range(11):
        root.run(number, days_ago=50 - number)
    assert main(["prune", "--root", root.path, "--yes"]) == ExitCode.OK
    assert left(root) == [f"run-{number}" for number in range(1, 11)]
    assert main(["prune", "--root", root.path, "--yes", "--keep", "0", "--older-than", "45.5"]) == ExitCode.OK
    assert left(root) == [f"run-{number}" for number in range(5, 11)]


def test_it_is_refused_while_a_run_uses_the_root(root, capsys):
    root.run(1, days_ago=40)
    with lock.hold(root.path, wait=False, tell=print) as held:
        held.sign("taxi-1")
        assert main(["prune", "--root", root.path, "--keep", "0", "--yes"]) == ExitCode.INPUT
    assert f"{root.path} is in use by run taxi-1 (pid {os.getpid()})" in capsys.readouterr().err
    assert left(root) == ["run-1"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--keep", "-1"], "-1 is not in the range x>=0"),
        (["--keep", "all"], "'all' is not a valid integer"),
        (["--older-than", "-0.5"], "-0.5 is not in the range x>=0"),
        (["--root", "nowhere"], "Directory 'nowhere' does not exist"),
    ],
)
def test_wrong_usage(more, message, root, capsys):
    root.run(1, days_ago=40)
    assert main(["prune", "--root", root.path, "--yes", *more]) == ExitCode.INPUT
    assert message in capsys.readouterr().err
    assert left(root) == ["run-1"]


def test_a_root_without_a_store(tmp_path, capsys):
    assert main(["prune", "--root", str(tmp_path), "--yes"]) == ExitCode.OK
    assert capsys.readouterr().out == "removed 0 runs, 0 folders, 0.0 MiB\n"
    assert "metadata.sqlite" not in os.listdir(tmp_path)
