"""Looks at the machine: is everything there that a run needs?

Quick and without TensorFlow: what is installed is read from the packages' metadata, GPUs from the driver.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from typing import Literal

import psutil

Status = Literal["ok", "warn", "fail"]

PROJECT = pathlib.Path(__file__).parents[1]
LOCK = PROJECT / "requirements/runtime.lock"
PYTHON = (3, 10)
GLIBC = (2, 28)
"""h5py's and Pillow's wheels need it; TFX's own are content with 2.17."""
DISK_GB = (2, 10)
"""Below the first a run will not get through, below the second it may not."""
MEMORY_GB = (2, 6)
"""The same. TFX and TensorFlow take 0.6 GB in each process before there is any data."""
ZONES = pathlib.Path("/usr/share/zoneinfo")


@dataclasses.dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, what was found, and what to do about it (empty where all is well)."""

    name: str
    status: Status
    what: str
    advice: str = ""


def check(root: str | os.PathLike[str] = PROJECT / "runs", lock: pathlib.Path = LOCK) -> list[Finding]:
    """Everything there is to say about this machine, for runs that are kept under `root`."""
    place = nearest_folder(pathlib.Path(root))
    installed = installed_versions()
    return [
        python(sys.version_info[:3], platform.python_implementation()),
        glibc(platform.libc_ver()),
        packages(lock, installed),
        disk(place, shutil.disk_usage(place).free),
        writable(place),
        memory(available_memory()),
        cores(len(os.sched_getaffinity(0))),
        gpus(nvidia_smi(), installed),
        time_zones(ZONES),
        dot(shutil.which("dot")),
    ]


def python(version: tuple[int, ...], implementation: str) -> Finding:
    """The interpreter; the lock's wheels are for CPython 3.10 alone."""
    what = f"{implementation} {'.'.join(map(str, version))}"
    if version[:2] == PYTHON and implementation == "CPython":
        return Finding("Python", "ok", what)
    return Finding("Python", "fail", what, "CPython 3.10 is needed; `make run` finds or fetches one")


def glibc(libc: tuple[str, str]) -> Finding:
    """The C library, as platform.libc_ver() gives it."""
    name, version = libc
    what = f"{name or 'unknown C library'} {version}".strip()
    if name != "glibc":
        return Finding("glibc", "fail", what, "TensorFlow's wheels need glibc (Debian, Ubuntu, RHEL; not Alpine)")
    if tuple(int(part) for part in version.split(".")[:2]) < GLIBC:
        return Finding("glibc", "fail", what, f"at least {GLIBC[0]}.{GLIBC[1]} is needed (Debian 10, RHEL 8)")
    return Finding("glibc", "ok", what)


def packages(lock: pathlib.Path, installed: Mapping[str, str]) -> Finding:
    """The installed versions against the lock."""
    if not lock.exists():
        return Finding("packages", "warn", f"no lock to compare with at {lock}", "run from a checkout to compare")
    locked = locked_versions(lock.read_text())
    wrong = [
        f"{name} {installed[name]} instead of {version}" if name in installed else f"{name} {version} is missing"
        for name, version in locked.items()
        if installed.get(name) != version
    ]
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        return Finding("packages", "fail", "; ".join(wrong[:5]) + more, "`make setup` installs what the lock says")
    return Finding("packages", "ok", f"all {len(locked)} as locked, tfx {locked.get('tfx', 'not among them')}")


def locked_versions(text: str) -> dict[str, str]:
    """{normalised name: version} of a compiled requirements file."""
    return {normalise(name): version for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE)}


def installed_versions() -> dict[str, str]:
    """{normalised name: version} of every distribution that this Python sees; the first in sys.path counts."""
    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        found.setdefault(normalise(distribution.metadata["Name"]), distribution.version)
    return found


def normalise(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def disk(place: pathlib.Path, free: int) -> Finding:
    """Free bytes where the runs are kept."""
    what = f"{free / 2**30:.1f} GB free at {place}"
    return graded("disk", what, free, DISK_GB, "make room, `millrace prune`, or choose another place with --root")


def memory(available: int) -> Finding:
    """Bytes that processes may still take."""
    what = f"{available / 2**30:.1f} GB available"
    return graded("memory", what, available, MEMORY_GB, "close other programs, or raise the container's limit")


def graded(name: str, what: str, value: int, limits_gb: tuple[int, int], advice: str) -> Finding:
    """fail below the first limit, warn below the second."""
    fail, warn = (limit * 2**30 for limit in limits_gb)
    if value >= warn:
        return Finding(name, "ok", what)
    least = limits_gb[0] if value < fail else limits_gb[1]
    return Finding(name, "fail" if value < fail else "warn", what, f"{least} GB should be there: {advice}")


def available_memory() -> int:
    """Bytes that processes may still take: the machine's, or what a container's limit leaves."""
    machine = psutil.virtual_memory().available
    try:
        limit, used = (pathlib.Path(f"/sys/fs/cgroup/memory.{name}").read_text().strip() for name in ("max", "current"))
    except OSError:
        return machine
    return machine if limit == "max" else min(machine, int(limit) - int(used))


def writable(place: pathlib.Path) -> Finding:
    """Can the root be written? Tried, because a mode says nothing about a read-only file system."""
    try:
        with tempfile.TemporaryFile(dir=place):
            return Finding("root", "ok", f"{place} can be written")
    except OSError as error:
        return Finding("root", "fail", f"{place}: {error.strerror}", "choose another place with --root")


def nearest_folder(path: pathlib.Path) -> pathlib.Path:
    """`path`, or the nearest folder above it that exists."""
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


def cores(count: int) -> Finding:
    """Cores that this process may use."""
    if count > 1:
        return Finding("cores", "ok", str(count))
    return Finding("cores", "warn", str(count), "two or more let independent nodes run side by side")


def gpus(names: list[str], installed: Mapping[str, str]) -> Finding:
    """GPUs that the driver shows, and whether TensorFlow has the libraries to use them."""
    if not names:
        return Finding("GPU", "ok", "none; training runs on the CPU")
    what = ", ".join(names)
    if "nvidia-cudnn-cu12" in installed:
        return Finding("GPU", "ok", what)
    advice = (
        "TensorFlow lacks the CUDA libraries and trains on the CPU: install tensorflow[and-cuda] in the lock's version"
    )
    return Finding("GPU", "warn", what, advice)


def nvidia_smi() -> list[str]:
    """'name, memory' of each GPU; without nvidia-smi what the driver lists; empty where there is no driver."""
    command = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return driver_list(pathlib.Path("/proc/driver/nvidia/gpus").glob("*/information"))
    return [line.strip() for line in answer.stdout.splitlines() if line.strip()]


def driver_list(files: Iterable[pathlib.Path]) -> list[str]:
    """The model names in the driver's `information` files."""
    models = (re.search(r"^Model:\s*(.+)$", file.read_text(), re.MULTILINE) for file in files)
    return [model.group(1).strip() for model in models if model]


def time_zones(folder: pathlib.Path) -> Finding:
    """The time zone files: without them the C++ code under TFX's ExampleGen aborts the process."""
    if (folder / "UTC").exists():
        return Finding("time zones", "ok", str(folder))
    return Finding("time zones", "fail", f"no zone files in {folder}", "sudo apt-get install tzdata")


def dot(path: str | None) -> Finding:
    """Graphviz draws the plot of a model's topology; everything else works without."""
    if path:
        return Finding("graphviz", "ok", path)
    return Finding("graphviz", "warn", "no `dot`", "sudo apt-get install graphviz, for the plot of the model's layers")
