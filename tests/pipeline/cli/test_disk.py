"""A root on a disk that is full or read-only, for real: exit code 2 and a message that names it, nothing lost."""

import random
import re
import tempfile
import textwrap

import pytest

from pipeline import runs
from pipeline.cli import configs, main
from tests.pipeline.cli import mounts, shell

CONFIG = """
    import pipeline.config as c


    def get_config():
        return c.Config(
            name="full",
            data=c.Data(path="rows.csv"),
            heads=(c.Head(label="y"),),
            features=(c.ZScore(column="x"),),
            trainer=c.Trainer(epochs=1, tensorboard=False),
            evaluator=c.Evaluator(confidence=False),
        )
"""
SIZE = 64 << 20


@pytest.fixture
def folder(tmp_path):
    """A user's folder; its root `runs` is not there yet."""
    toss = random.Random(0)
    rows = ["x,y", *(f"{toss.uniform(-1, 1)},{number % 2}" for number in range(200))]
    (tmp_path / "rows.csv").write_text("\n".join(rows))
    (tmp_path / "full.py").write_text(textwrap.dedent(CONFIG))
    return tmp_path


def on_own_disk(function, *arguments):
    """What `function` returns in a process that may mount disks."""
    try:
        return shell.in_child(function, *arguments)
    except mounts.NotAllowed as error:
        pytest.skip(str(error))


def run_until_done(folder, space, *flags):
    """The answers of a run and of those that resume it, the disk having this much space at each start."""
    mounts.own()
    disk = mounts.Disk(folder / "runs", SIZE)
    tempfile.tempdir = str(disk.path)  # where there is one disk, temporary files find no room either
    answers = []
    for size in space:
        disk.leave(size)
        resume = ["--resume"] if runs.list_runs(str(disk.path)) else []
        answers.append(shell.in_fork(shell.here, "run", folder / "full.py", *flags, *resume))
        if answers[-1].code != 2:
            break
    (record,) = runs.list_runs(str(disk.path))
    return answers, record, [path.name for path in disk.path.glob("serving/full/1/*")]


def run_read_only(folder, root):
    mounts.own()
    mounts.Disk(folder / "disk", SIZE).make_read_only()
    return shell.here("run", folder / "full.py", "--root", root)


def test_a_full_disk_is_named_and_the_run_goes_on_once_there_is_room(folder):
    space = (0, 16 << 10, 288 << 10, 16 << 20)
    (nothing, *little, enough), record, _ = on_own_disk(run_until_done, folder, space, "--to", "ExampleGen")
    full = f"{folder}/runs: no space left on its disk (0 bytes free). Make room, then run again"
    assert nothing.err == f"millrace: {full}\n"
    for answer in little:
        assert re.search(rf"{folder}/runs: no space left on its disk \([\d,]+ bytes free\)\. Make room", answer.err)
    assert [answer.code for answer in (nothing, *little, enough)] == [2, 2, 2, 0]
    assert (record.state, record.attempt, enough.err) == ("complete", 3, "")
    assert "Traceback" not in "".join(answer.out + answer.err for answer in (nothing, *little))


@pytest.mark.acceptance
def test_wherever_the_disk_gets_full_the_run_goes_on(folder):
    compiled = 288 << 10  # enough to keep the compiled pipeline, and for little more
    space = (compiled, *range(48 << 10, 2 << 20, 48 << 10))
    (*full, last), record, pushed = on_own_disk(run_until_done, folder, space)
    for answer in full:
        assert re.search(rf"{folder}/runs: no space left on its disk \([\d,]+ bytes free\)\. Make room", answer.err)
        assert "Traceback" not in answer.out + answer.err
    failed = {name for answer in full for name in re.findall(r"\] (\w+) +failed ", answer.out)}
    assert failed >= {"ExampleGen", "Transform", "Trainer"}
    assert (last.code, last.err) == (0, "")
    assert {node.state for node in record.nodes} <= runs.DONE
    assert "saved_model.pb" in pushed


@pytest.mark.parametrize("below", ["", "new/runs"])
def test_a_read_only_root_is_named(folder, below):
    root = folder / "disk" / below
    answer = on_own_disk(run_read_only, folder, root)
    assert answer.code == 2
    hint = "Name a writable folder with --root or the config's field root"
    assert answer.err == f"millrace: {root}: cannot write there (Read-only file system). {hint}\n"


def test_a_crash_is_told_where_its_traceback_cannot_be_written(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(configs, "names", lambda: {}["missing"])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    assert main.main(["configs"]) == 70
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("millrace: crashed: KeyError: 'missing' (traceback: cannot be written: ")
