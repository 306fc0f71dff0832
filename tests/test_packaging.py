"""What is locked, what the wheel holds, and what make and CI call."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

CHECKOUT = pathlib.Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["runtime", "dev", "gpu", "build", "uv"])
def test_locks_pin_everything_with_hashes_and_name_no_host(name: str) -> None:
    text = (CHECKOUT / f"requirements/{name}.lock").read_text()
    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text
    blocks = re.split(r"^(?=[a-z])", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE), flags=re.MULTILINE)[1:]
    assert blocks
    for block in blocks:
        assert re.match(r"[\w.-]+==\S+", block), block
        assert "--hash=sha256:" in block, block


def test_the_locks_agree_where_both_name_a_package() -> None:
    pins = {
        name: dict(re.findall(r"^([\w.-]+)==(\S+)", (CHECKOUT / f"requirements/{name}.lock").read_text(), re.MULTILINE))
        for name in ("runtime", "dev", "gpu", "build")
    }
    for other in ("dev", "gpu", "build"):
        shared = pins["runtime"].keys() & pins[other].keys()
        assert {name: pins[other][name] for name in shared} == {name: pins["runtime"][name] for name in shared}


def test_the_wheel_holds_the_two_packages_whole_and_requires_nothing(tmp_path: pathlib.Path) -> None:
    checkout = tmp_path / "checkout"
    for name in ("components", "pipeline", "tests"):
        shutil.copytree(CHECKOUT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "setup.py", checkout)
    subprocess.run(
        [sys.executable, "setup.py", "-q", "bdist_wheel", "-d", str(tmp_path)],
        cwd=checkout,
        check=True,
        capture_output=True,
    )
    with zipfile.ZipFile(next(tmp_path.glob("millrace-*.whl"))) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
        about = {name.split("/")[1]: wheel.read(name).decode() for name in wheel.namelist() if ".dist-info/" in name}
    there = {
        str(file.relative_to(checkout))
        for package in ("components", "pipeline")
        for file in (checkout / package).rglob("*")
        if file.is_file()
    }
    assert packed == there
    assert "millrace = pipeline.cli.main:main" in about["entry_points.txt"]
    assert "Requires-Dist" not in about["METADATA"]
    assert "Requires-Python: ==3.10.*" in about["METADATA"]


def test_make_help_lists_every_target() -> None:
    printed = subprocess.run(["make", "help"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    targets = re.search(r"^\.PHONY: (.*)$", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)
    assert targets
    assert re.findall(r"^  make (\w+) +\S", printed, re.MULTILINE) == targets.group(1).split()


def test_ci_installs_what_is_missing_and_runs_both(tmp_path: pathlib.Path) -> None:
    """apt-get, dpkg-query and make are stand-ins that log how they were called: no test may change the machine."""
    commands, log = tmp_path / "bin", tmp_path / "log"
    commands.mkdir()
    for name, body in {
        "apt-get": "true",
        "sudo": 'shift; "$@"',
        "dpkg-query": '[ "$4" = tzdata ] && printf "install ok installed"',
        "make": '[ "$1" = acceptance ]',
    }.items():
        (commands / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{log}\n{body}\n')
        (commands / name).chmod(0o755)
    shutil.copytree(CHECKOUT / ".ci", tmp_path / "clone/.ci")
    environment = {"PATH": f"{commands}:{os.environ['PATH']}"}
    done = subprocess.run([tmp_path / "clone/.ci/run"], env=environment, capture_output=True, text=True, check=False)
    calls = [line for line in log.read_text().splitlines() if not line.startswith(("dpkg-query", "sudo"))]
    assert re.fullmatch("apt-get .* update", calls[0])
    packages = re.findall(r"^[^#\n]+", (CHECKOUT / ".ci/packages").read_text(), re.MULTILINE)
    assert "tzdata" in packages
    assert re.fullmatch("apt-get .* install .*build-essential .*graphviz.*", calls[1])
    assert calls[1].split()[-len(packages) + 1 :] == [name for name in packages if name != "tzdata"]
    assert calls[2:] == ["make test", "make acceptance"]
    assert done.returncode == 1
    assert "Failed: make test" in done.stderr
