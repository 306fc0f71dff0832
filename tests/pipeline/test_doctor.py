"""Each check on literal answers of a machine, and all of them on this one."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import time

import pytest

from pipeline import doctor
from pipeline.doctor import Finding

GB = 2**30


def test_this_machine_is_fit() -> None:
    findings = doctor.check()
    assert [finding for finding in findings if finding.status == "fail"] == []
    assert [finding.name for finding in findings] == [
        "Python", "glibc", "packages", "disk", "root", "memory", "cores", "GPU", "time zones", "graphviz",
    ]  # fmt: skip


def test_it_is_quick_and_imports_nothing_heavy() -> None:
    program = "import sys, pipeline.doctor as d; d.check(); print(sorted({'tensorflow', 'tfx'} & set(sys.modules)))"
    started = time.monotonic()
    printed = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert printed.strip() == "[]"
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("finding", "status", "said"),
    [
        (doctor.python((3, 10, 13), "CPython"), "ok", "CPython 3.10.13"),
        (doctor.python((3, 12, 1), "CPython"), "fail", "CPython 3.12.1"),
        (doctor.python((3, 10, 14), "PyPy"), "fail", "PyPy 3.10.14"),
        (doctor.glibc(("glibc", "2.36")), "ok", "glibc 2.36"),
        (doctor.glibc(("glibc", "2.17")), "fail", "glibc 2.17"),
        (doctor.glibc(("", "")), "fail", "unknown C library"),
        (doctor.disk(pathlib.Path("/data"), 50 * GB), "ok", "50.0 GB free at /data"),
        (doctor.disk(pathlib.Path("/data"), 5 * GB), "warn", "5.0 GB free at /data"),
        (doctor.disk(pathlib.Path("/data"), GB), "fail", "1.0 GB free at /data"),
        (doctor.memory(8 * GB), "ok", "8.0 GB available"),
        (doctor.memory(3 * GB), "warn", "3.0 GB available"),
        (doctor.memory(GB), "fail", "1.0 GB available"),
        (doctor.cores(8), "ok", "8"),
        (doctor.cores(1), "warn", "1"),
        (doctor.gpus([], {}), "ok", "none; training runs on the CPU"),
        (doctor.gpus(["NVIDIA L4, 23034 MiB"], {"nvidia-cudnn-cu12": "8.9"}), "ok", "NVIDIA L4, 23034 MiB"),
        (doctor.gpus(["NVIDIA L4, 23034 MiB"], {}), "warn", "NVIDIA L4, 23034 MiB"),
        (doctor.time_zones(pathlib.Path("/nowhere")), "fail", "no zone files in /nowhere"),
        (doctor.dot("/usr/bin/dot"), "ok", "/usr/bin/dot"),
        (doctor.dot(None), "warn", "no `dot`"),
    ],
)
def test_a_finding_says_how_it_is_and_what_to_do(finding: Finding, status: str, said: str) -> None:
    assert (finding.status, finding.what) == (status, said)
    assert bool(finding.advice) == (status != "ok")


LOCK = """\
numpy==1.26.4 \\
    --hash=sha256:00
    # via tfx
tfx==1.16.0 ; python_version < "3.13" \\
    --hash=sha256:11
Typing_Extensions==4.16.0 \\
    --hash=sha256:22
"""


@pytest.mark.parametrize(
    ("installed", "status", "said"),
    [
        ({"numpy": "1.26.4", "tfx": "1.16.0", "typing-extensions": "4.16.0"}, "ok", "all 3 as locked, tfx 1.16.0"),
        (
            {"numpy": "2.0.0", "typing-extensions": "4.16.0"},
            "fail",
            "numpy 2.0.0 instead of 1.26.4; tfx 1.16.0 is missing",
        ),
    ],
)
def test_packages_against_the_lock(tmp_path: pathlib.Path, installed: dict[str, str], status: str, said: str) -> None:
    lock = tmp_path / "runtime.lock"
    lock.write_text(LOCK)
    finding = doctor.packages(lock, installed)
    assert (finding.status, finding.what) == (status, said)


def test_without_a_lock_nothing_is_compared(tmp_path: pathlib.Path) -> None:
    assert doctor.packages(tmp_path / "none.lock", {}).status == "warn"


def test_a_root_that_is_yet_to_be_made_is_judged_by_the_folder_above(tmp_path: pathlib.Path) -> None:
    assert doctor.nearest_folder(tmp_path / "a/b/runs") == tmp_path
    assert doctor.writable(tmp_path) == Finding("root", "ok", f"{tmp_path} can be written")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written() -> None:
    # Not even root may write there.
    finding = doctor.writable(pathlib.Path("/proc"))
    assert finding.status == "fail"
    assert finding.what.startswith("/proc: ")


def test_the_drivers_list_of_gpus(tmp_path: pathlib.Path) -> None:
    information = tmp_path / "information"
    information.write_text("Model: \t\t NVIDIA L4\nIRQ:   \t\t 45\nGPU UUID: \t GPU-00\n")
    assert doctor.driver_list([information]) == ["NVIDIA L4"]
