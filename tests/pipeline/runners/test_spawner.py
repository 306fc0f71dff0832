import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from components.errors import GateError
from pipeline.runners.server import ChildDied
from pipeline.runners.spawner import Spawner


def double(send, number):
    send({"step": 1})
    print("doubling", flush=True)
    return 2 * number


def refuse(send):
    raise GateError("3 anomalies")


def die(send):
    os.kill(os.getpid(), signal.SIGKILL)


def leave(send):
    os._exit(3)


def sleep(send, file):
    pathlib.Path(file).write_text(str(os.getpid()))
    time.sleep(1000)


def test_a_function_runs_in_a_process_of_its_own_and_prints_where_it_is_told(tmp_path):
    sent = []
    with open(tmp_path / "log", "wb") as log:
        answer = Spawner(log).call(double, 21, receive=sent.append)
    assert (answer.value, sent) == (42, [{"step": 1}])
    assert 5e6 < answer.usage.peak_memory < 1e9
    assert 0 < answer.usage.processor_seconds < 5
    assert (tmp_path / "log").read_text() == "doubling\n"


def test_what_it_raises_is_raised_and_its_death_is_told():
    with pytest.raises(GateError, match="3 anomalies"):
        Spawner().call(refuse, receive=print)
    with pytest.raises(ChildDied) as killed:
        Spawner().call(die, receive=print)
    assert (killed.value.signal, killed.value.status) == (signal.SIGKILL, None)
    with pytest.raises(ChildDied) as left:
        Spawner().call(leave, receive=print)
    assert (left.value.signal, left.value.status) == (None, 3)


def test_a_file_in_the_working_directory_hides_no_module_of_pythons(tmp_path, monkeypatch):
    (tmp_path / "types.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    assert Spawner().call(double, 2, receive=print).value == 4


def leave_a_child(send):
    subprocess.Popen(["sleep", "1000"])


def test_what_a_process_leaves_behind_holds_nobody_up(tmp_path):
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as log:
        Spawner(log.stdin).call(leave_a_child, receive=print)
        log.stdin.close()
        assert log.wait(20) == 0


def test_it_does_not_outlive_the_one_that_started_it(tmp_path):
    call = f"Spawner().call(sleep, {str(tmp_path / 'pid')!r}, receive=print)"
    code = f"from tests.pipeline.runners.test_spawner import *; {call}"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=pathlib.Path(__file__).parents[3])
    while not ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text()):
        time.sleep(0.05)
    child = pathlib.Path("/proc", (tmp_path / "pid").read_text())
    assert child.exists()
    parent.kill()
    parent.wait()
    for _ in range(200):
        if not child.exists():
            return
        time.sleep(0.05)
    pytest.fail("the child is still there")
