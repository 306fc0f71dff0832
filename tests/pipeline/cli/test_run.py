"""Two `millrace run` on one root: the second waits, or is refused. Both are real; neither gets to its first node."""

import pathlib
import signal
import subprocess
import sys
import time

import pytest

from components.errors import ExitCode
from pipeline.cli.main import main
from pipeline.runs import list_runs

CONFIG = """
import pipeline.config as c


def get_config():
    return c.Config(
        name="tiny", data=c.Data(path="rows.csv"), heads=(c.Head(label="y"),), features=(c.Numeric(column="x"),)
    )
"""


@pytest.fixture
def first(tmp_path):
    """A run that has taken the lock, and holds it until it is killed: it is stopped while it imports TFX."""
    (tmp_path / "tiny.py").write_text(CONFIG)
    process = start(tmp_path)
    lock = tmp_path / "runs/lock"
    deadline = time.monotonic() + 30
    while not (lock.exists() and lock.read_text()):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGSTOP)
    yield process
    process.kill()
    process.communicate()


def start(folder: pathlib.Path, *more: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "pipeline.cli.main", "run", str(folder / "tiny.py"), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_no_wait_refuses_a_second_run_at_once(first, tmp_path, capfd):
    assert main(["run", str(tmp_path / "tiny.py"), "--no-wait"]) == ExitCode.INPUT
    [run] = list_runs(str(tmp_path / "runs"))
    holder = f"{tmp_path}/runs is in use by run {run.id} (pid {first.pid})"
    assert capfd.readouterr().err == f"millrace: {holder}. Wait until it has ended, or take another --root\n"


def test_a_second_run_waits_and_says_for_whom(first, tmp_path):
    second = start(tmp_path, "--resume", "no-such-run")  # it looks for that run once it has the lock
    assert second.stdout.readline() == "starting tiny\n"
    assert second.stdout.readline().startswith(f"Waiting: {tmp_path}/runs is in use by run tiny-")
    assert second.poll() is None
    first.kill()
    _, err = second.communicate(timeout=30)
    assert second.returncode == ExitCode.INPUT
    assert err.startswith(f"millrace: No run 'no-such-run' under {tmp_path}/runs.")


def test_another_root_is_free(first, tmp_path, capfd):
    args = ["run", str(tmp_path / "tiny.py"), "--no-wait", "--root", str(tmp_path / "other"), "--resume"]
    assert main(args) == ExitCode.INPUT
    assert f"--resume: {tmp_path}/other has no run of tiny yet" in capfd.readouterr().err
