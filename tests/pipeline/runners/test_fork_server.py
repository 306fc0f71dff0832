import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from components.errors import InputError
from pipeline.runners.fork_server import ForkServer
from pipeline.runners.server import ChildDied


@pytest.fixture
def server():
    with ForkServer() as server:
        yield server


def add(send, a, b):
    send("adding")
    return a + b


def meet(send, path):
    """Wait for the other child, which only comes when both run at once."""
    open(f"{path}/{os.getpid()}", "w").close()
    while len(os.listdir(path)) < 2:
        time.sleep(0.01)
    return os.getpgid(0) == os.getpid()


def fail(send):
    raise InputError("line 3")


def use_memory(send, size):
    return len(bytearray(size))


def work(send, seconds):
    """Keep a processor busy for so long, first in a process of its own."""
    subprocess.run([sys.executable, "-c", f"import time\nwhile time.process_time() < {seconds}: pass"], check=True)
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def die(send, number):
    os.kill(os.getpid(), number)


def stay(send):
    child = subprocess.Popen(["sleep", "100"])
    send((os.getppid(), os.getpid(), child.pid))
    time.sleep(100)


def gone(*pids):
    deadline = time.monotonic() + 10
    while any(os.path.exists(f"/proc/{pid}") for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_a_call_returns_what_the_function_does_and_passes_on_what_it_sends(server):
    heard = []
    assert server.call(add, 1, 2, receive=heard.append).value == 3
    assert heard == ["adding"]


def test_children_run_side_by_side_each_in_a_session_of_its_own(server, tmp_path):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(server.call(meet, str(tmp_path), receive=print).value))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == [True, True]


def test_what_a_child_raises_is_raised_here(server):
    with pytest.raises(InputError, match="line 3"):
        server.call(fail, receive=print)


def test_the_peak_of_a_childs_memory_is_told(server):
    little = server.call(use_memory, 1, receive=print).usage.peak_memory
    assert server.call(use_memory, 300_000_000, receive=print).usage.peak_memory - little > 250_000_000


def test_the_processor_time_of_a_child_and_its_own_is_told(server):
    usage = server.call(work, 0.3, receive=print).usage
    assert 0.6 <= usage.processor_seconds < 2


def test_a_killed_child_is_told_by_its_signal(server):
    with pytest.raises(ChildDied) as died:
        server.call(die, signal.SIGTERM, receive=print)
    assert died.value.signal == signal.SIGTERM


def test_a_call_that_is_given_up_takes_the_childs_children_along(server):
    seen = []

    def interrupt(pids):
        seen.extend(pids[1:])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        server.call(stay, receive=interrupt)
    assert gone(*seen)


def test_nobody_survives_the_nursery():
    seen = []

    def kill_nursery(pids):
        seen.extend(pids[1:])
        os.kill(pids[0], signal.SIGKILL)

    with ForkServer() as server, pytest.raises(ChildDied):
        server.call(stay, receive=kill_nursery)
    assert gone(*seen)


def imported(send, module):
    return module in sys.modules


def test_the_nursery_imports_what_children_need_and_this_process_does_not():
    assert "this" not in sys.modules
    with ForkServer(preload=["this"]) as server:
        assert server.call(imported, "this", receive=print).value
    assert "this" not in sys.modules


def test_what_children_print_goes_where_it_is_told(tmp_path, capfd):
    with ForkServer(["this"], str(tmp_path / "log")) as server:
        server.call(imported, "this", receive=print)
    assert "Beautiful is better" in (tmp_path / "log").read_text()
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def endless(tmp_path, monkeypatch):
    """The name of a module whose import does not end, and a file that is there once it has begun."""
    begun = tmp_path / "begun"
    (tmp_path / "endless.py").write_text(f"import time\nopen({str(begun)!r}, 'w')\ntime.sleep(1000)\n")
    monkeypatch.syspath_prepend(tmp_path)
    return "endless", begun


def test_a_nursery_that_imports_is_ended_at_once_and_its_callers_are_told(endless):
    module, begun = endless
    server = ForkServer([module])
    died = []

    def call():
        with pytest.raises(ChildDied):
            server.call(add, 1, 2, receive=print)
        died.append(True)

    caller = threading.Thread(target=call)
    caller.start()
    while not begun.exists():
        time.sleep(0.01)
    server.close()
    caller.join(20)
    assert died == [True]
    server.close()


def test_a_nursery_that_imports_does_not_outlive_this_process(endless):
    module, begun = endless
    code = (
        "from tests.pipeline.runners.test_fork_server import *\n"
        f"server = ForkServer([{module!r}])\nprint(server._pid, flush=True)\nserver.call(add, 1, 2, receive=print)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(begun.parent), os.getcwd()])}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment, text=True) as process:
        pid = int(process.stdout.readline())
        while not begun.exists():
            time.sleep(0.01)
        process.kill()
    assert gone(pid)


def test_what_the_first_call_waits_for_is_told(tmp_path, monkeypatch):
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(1)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with ForkServer(preload=["slow_to_import"]) as server:
        first, second = (server.call(add, 1, 2, receive=lambda _: None) for _ in range(2))
    assert (first.value, second.value) == (3, 3)
    assert first.waited >= 1 > second.waited
