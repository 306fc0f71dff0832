"""make run and make test on machines of several kinds: each has its own HOME and PATH, and a checkout with small locks.

Everything real runs: uv, pip, venv, and the installation of wheels that the test packs from what is installed here.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent import futures

import pytest

from tests.machine import CHECKOUT, Machine, pack
from tests.standalone import ARCHIVE, download, standalone_python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the set-up is made for Linux")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """An index in a folder: setuptools as installed here, and packages of one line."""
    folder = tmp_path_factory.mktemp("wheels")
    setuptools = importlib.metadata.distribution("setuptools")
    files = {
        str(file): pathlib.Path(setuptools.locate_file(file)).read_bytes()
        for file in setuptools.files or ()
        if file.suffix != ".pyc" and file.parts[0] != ".." and not file.parts[0].endswith(".dist-info")
    }
    entry_points = (setuptools.read_text("entry_points.txt") or "").encode()
    files[f"setuptools-{setuptools.version}.dist-info/entry_points.txt"] = entry_points
    pack(folder, "setuptools", setuptools.version, files)
    pack(folder, "small", "1.0", {"small.py": b"VERSION = 1\n"})
    pack(folder, "small", "2.0", {"small.py": b"VERSION = 2\n"})
    pack(folder, "extra", "1.0", {"extra.py": b""})
    return folder


@pytest.fixture(scope="module")
def uv() -> pathlib.Path:
    """The uv that this checkout was set up with."""
    found = subprocess.run(
        ["sh", "-c", "mkdir -p .tools && . requirements/find.sh && find_uv"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    return pathlib.Path(found.stdout.strip())


@pytest.fixture
def machine(tmp_path: pathlib.Path, wheels: pathlib.Path) -> Machine:
    return Machine(tmp_path, wheels)


@pytest.fixture
def python() -> pathlib.Path:
    """The Python 3.10 under this virtual environment."""
    return pathlib.Path(sys.base_prefix, "bin/python3.10")


def test_a_virtual_environment_is_made_once_and_follows_what_changes(
    machine: Machine, uv: pathlib.Path, python: pathlib.Path
) -> None:
    machine.link("uv", uv)
    machine.link("python3.10", python)
    with futures.ThreadPoolExecutor() as pool:  # two at once: the second waits for the first
        printed = list(pool.map(machine.runs, ["CONFIG=mine.py"] * 2, ["ARGS=--set a=1"] * 2))
    assert printed == ["millrace 1 run mine.py --set a=1"] * 2

    stamp = (machine.checkout / ".venv/.runtime").stat()
    started = time.monotonic()
    assert machine.runs() == "millrace 1 run taxi"
    assert time.monotonic() - started < 2
    assert (machine.checkout / ".venv/.runtime").stat() == stamp

    machine.make("setup").check_returncode()
    machine.lock("runtime", "setuptools", "small-2")
    assert machine.runs() == "millrace 2 run taxi"
    # What `make test` needs stays when `make run` follows a changed lock.
    subprocess.run([machine.checkout / ".venv/bin/python", "-c", "import extra"], check=True)

    (machine.checkout / ".venv/bin/python").unlink()
    (machine.checkout / ".venv/bin/python").symlink_to("/nonexistent/python3.10")
    assert machine.runs() == "millrace 2 run taxi"

    machine.checkout = machine.checkout.rename(machine.checkout.with_name("moved"))
    assert machine.runs() == "millrace 2 run taxi"


def test_a_package_that_is_not_the_locked_one_is_refused(
    machine: Machine, uv: pathlib.Path, python: pathlib.Path
) -> None:
    machine.link("uv", uv)
    machine.link("python3.10", python)
    lock = machine.checkout / "requirements/runtime.lock"
    lock.write_text(re.sub(r"(small==1.0 --hash=sha256:)\w+", r"\g<1>" + "0" * 64, lock.read_text()))
    done = machine.make("run")
    assert done.returncode != 0
    assert "ash" in done.stderr
    assert "installing failed" in done.stderr


def test_a_package_of_which_the_cache_has_lost_files_is_refused(
    machine: Machine, uv: pathlib.Path, python: pathlib.Path
) -> None:
    machine.link("uv", uv)
    machine.link("python3.10", python)
    assert machine.runs() == "millrace 1 run taxi"
    (cached,) = machine.home.glob(".cache/uv/archive-v*/*/small.py")
    kept = cached.rename(machine.home / "small.py")
    shutil.rmtree(machine.checkout / ".venv")
    done = machine.make("run")
    assert done.returncode != 0
    assert "small is not whole, 1 of its files are missing: small.py" in done.stderr
    assert "uv cache clean small" in done.stderr

    kept.rename(cached)
    assert machine.runs() == "millrace 1 run taxi"


def test_a_shim_that_does_not_run_is_passed_over(machine: Machine, python: pathlib.Path) -> None:
    for name in ("python3.10", "python3"):
        shim = machine.bin / name
        shim.write_text("#!/bin/sh\necho 'pyenv: python3.10: command not found' >&2\nexit 127\n")
        shim.chmod(0o755)
    further = machine.home / "further"
    further.mkdir()
    (further / "python3.10").symlink_to(python)
    assert machine.finds_python(PATH=f"{machine.bin}:{further}") == further / "python3.10"


def test_pyenv_versions_are_found_without_their_shims(machine: Machine, python: pathlib.Path) -> None:
    for version in ("3.10.12", "3.10.13"):
        (machine.home / f".pyenv/versions/{version}/bin").mkdir(parents=True)
    # 3.10.12 is a version whose build failed: its folder is there, its Python is not.
    found = machine.home / ".pyenv/versions/3.10.13/bin/python3.10"
    found.symlink_to(python)
    assert machine.finds_python() == found


def test_the_python_of_a_virtual_environment_stands_for_the_one_below(machine: Machine, python: pathlib.Path) -> None:
    assert machine.finds_python(PATH=f"{machine.bin}:{sys.prefix}/bin") == python


def test_python_is_fetched_from_a_mirror(machine: Machine, uv: pathlib.Path, python: pathlib.Path) -> None:
    (machine.home / ".local/bin").mkdir(parents=True)
    (machine.home / ".local/bin/uv").symlink_to(uv)
    mirror = machine.home / "mirror"
    standalone_python(mirror / "20300101" / ARCHIVE, python)
    # uv checks the digests that it was released with; a list of our own, without one, lets our archive pass.
    downloads = machine.home / "downloads.json"
    downloads.write_text(json.dumps({"cpython-3.10.99-linux-x86_64-gnu": download()}))
    printed = machine.runs(UV_PYTHON_INSTALL_MIRROR=f"file://{mirror}", UV_PYTHON_DOWNLOADS_JSON_URL=str(downloads))
    assert printed == "millrace 1 run taxi"
    assert machine.base().startswith(str(machine.home / ".local/share/uv/python"))


def test_uv_is_fetched_through_pip(machine: Machine, uv: pathlib.Path, python: pathlib.Path) -> None:
    machine.link("python3.10", python)
    machine.wheels = shutil.copytree(machine.wheels, machine.home / "wheels")
    pack(machine.wheels, "uv", "99.0", {"uv-99.0.data/scripts/uv": uv.read_bytes()})
    machine.lock("uv", "uv")
    assert machine.runs(PIP_FIND_LINKS=str(machine.wheels)) == "millrace 1 run taxi"
    assert (machine.checkout / ".tools/uv/bin/uv").exists()
    assert "uv = " in (machine.checkout / ".venv/pyvenv.cfg").read_text()


@pytest.mark.acceptance
def test_pip_does_it_where_uv_is_not_to_be_had(machine: Machine, python: pathlib.Path) -> None:
    machine.link("python3.10", python)
    (machine.checkout / "requirements/uv.lock").write_text(f"uv==99.0 --hash=sha256:{'0' * 64}\n")
    assert machine.runs() == "millrace 1 run taxi"
    assert "uv = " not in (machine.checkout / ".venv/pyvenv.cfg").read_text()


def test_an_empty_machine_is_told_what_to_install(machine: Machine) -> None:
    done = machine.make("run")
    assert done.returncode != 0
    assert "there is no Python 3.10 on this machine, nor uv, nor a Python with pip" in done.stderr
    assert "sudo apt-get install python3-pip" in done.stderr
    assert not (machine.checkout / ".venv").exists()


def test_a_machine_whose_uv_reaches_nothing_is_told_of_mirrors(machine: Machine, uv: pathlib.Path) -> None:
    machine.link("uv", uv)
    done = machine.make("run", UV_PYTHON_INSTALL_MIRROR=f"file://{machine.home}/nothing")
    assert done.returncode != 0
    assert "uv could not fetch one" in done.stderr
    told = " ".join(done.stderr.split())
    assert "set UV_PYTHON_INSTALL_MIRROR to a mirror of python-build-standalone, and call make" in told
    assert "`millrace image build` again. Or do without: an image has one from its base" in told


def test_a_killed_set_up_is_repaired(machine: Machine, uv: pathlib.Path, python: pathlib.Path) -> None:
    machine.link("uv", uv)
    machine.link("python3.10", python)
    killed = subprocess.Popen(
        ["make", "run"],
        cwd=machine.checkout,
        env=machine.environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not list(machine.checkout.glob(".venv/lib/python3.10/site-packages/setuptools/*.py")):
        assert killed.poll() is None, "the set-up ended before it could be killed"
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    shutil.rmtree(machine.checkout / ".venv/lib/python3.10/site-packages/setuptools")
    assert machine.runs() == "millrace 1 run taxi"
    assert not list((machine.checkout / ".tools").glob("old.*"))
