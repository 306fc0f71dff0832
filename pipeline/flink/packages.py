"""What a Flink cluster is made of: fetched by the ordinary clients, checked, and kept in the user's cache.

Flink itself comes from PyPI, where `apache-flink-libraries` has its jars; Beam's runner from Maven, which makes one jar
of it and all that it needs (pom.xml).
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence

from components.errors import InputError

FLINK = "1.19.3"
BEAM = "2.62.0"
"""Of Beam's runner. Maven has no 2.61.0, the version of our Python packages, and the two understand each other."""

_SDIST = f"apache-flink-libraries-{FLINK}.tar.gz"
_SDIST_SHA256 = "4a58e3a1fb7d83340bc96b6c080624c6d792d69fae5d294b96224775204a9c60"
_SERVER_CONTENTS = "b66c298deda6bb816a9cc936f3e55dcb3e99dc86e2621e7cdfe7d9480dcc3b82"
_LIB_CONTENTS = "aa7d81c510025c5d922dc28655e68ea5b7251a46fa72aec583ae90a7cf1d9c2b"
_OWN = ("META-INF/MANIFEST.MF", "META-INF/maven/millrace/")
"""What in the jars says who made them, and when."""
LIB = "beam-flink-lib.jar"
"""Beam's runner without Flink's own classes."""
_NEEDED = ("flink-dist-", "log4j-")
"""Which of Flink's jars a cluster needs for Beam; the others are for SQL and Python of Flink's own."""

Tell = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Packages:
    """Where everything is.

    Attributes:
        lib: the jars that are Flink's class path; Beam's are among them.
        server: Beam's job server.
    """

    lib: pathlib.Path
    server: pathlib.Path


def cache() -> pathlib.Path:
    """The folder of what is kept."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base, "millrace", "flink")


def fetched(tell: Tell, folder: pathlib.Path | None = None) -> Packages:
    """The packages in `folder` (the user's cache), after they were fetched if they were not there.

    Raises:
        InputError: one could not be fetched, or is not what it should be.
    """
    folder = folder or cache()
    folder.mkdir(parents=True, exist_ok=True)
    here = folder / f"flink-{FLINK}-beam-{BEAM}"
    packages = Packages(here / "lib", here / "beam-flink-job-server.jar")
    with alone(folder, tell):
        if not here.exists():
            maven = _maven()
            for killed in folder.glob("unfinished-*"):
                shutil.rmtree(killed)
            with tempfile.TemporaryDirectory(dir=folder, prefix="unfinished-") as unfinished:
                made = pathlib.Path(unfinished, "made")
                (made / "lib").mkdir(parents=True)
                tell(f"fetching Flink {FLINK} from PyPI (230 MB)")
                _flink(pathlib.Path(unfinished), made / "lib")
                tell(f"fetching Beam's Flink runner {BEAM} with Maven, and making its job server (some minutes)")
                _beam(maven, pathlib.Path(unfinished), made)
                made.rename(here)
    return packages


@contextlib.contextmanager
def alone(folder: pathlib.Path, tell: Tell) -> Iterator[None]:
    """Within, nobody else works on the folder; who does is waited for."""
    with open(folder / "lock", "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            tell(f"waiting for process {lock.read()}, which works on {folder}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _flink(folder: pathlib.Path, lib: pathlib.Path) -> None:
    # Our own environment may have no pip; each Python brings one for new environments.
    python = os.path.join(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    _run("a Python environment with pip", [python, "-m", "venv", str(folder / "pip")])
    wanted = folder / "wanted.txt"
    wanted.write_text(f"apache-flink-libraries=={FLINK} --hash=sha256:{_SDIST_SHA256}\n")
    pip = [str(folder / "pip" / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
    options = ["--no-deps", "--no-binary", "apache-flink-libraries", "--require-hashes", "--dest", str(folder)]
    _run("Flink", [*pip, *options, "--requirement", str(wanted)])
    check(folder / _SDIST, _SDIST_SHA256)
    with tarfile.open(folder / _SDIST) as archive:
        for member in archive:
            inside, name = os.path.split(member.name)
            if member.isfile() and inside.endswith("/deps/lib") and name.startswith(_NEEDED):
                content = archive.extractfile(member)
                assert content
                with open(lib / name, "wb") as file:
                    shutil.copyfileobj(content, file)


def _maven() -> str:
    maven = shutil.which("mvn")
    if maven is None:
        raise InputError(
            "Beam's Flink runner comes from Maven, and there is no mvn in PATH: sudo apt-get install maven"
        )
    return maven


def _beam(maven: str, folder: pathlib.Path, made: pathlib.Path) -> None:
    project = folder / "maven"
    project.mkdir()
    shutil.copy(pathlib.Path(__file__).with_name("pom.xml"), project)
    _run("Beam's Flink runner", [maven, "--batch-mode", "--quiet", "--file", str(project), "package"])
    for classifier, target, expected in (
        ("server", made / "beam-flink-job-server.jar", _SERVER_CONTENTS),
        ("lib", made / "lib" / LIB, _LIB_CONTENTS),
    ):
        jar = project / "target" / f"beam-flink-1-{classifier}.jar"
        _compare(jar, _contents(jar), expected)
        jar.rename(target)


def _contents(jar: pathlib.Path) -> str:
    """A digest of all that is in a jar, whatever its dates and however it is compressed."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(jar) as archive:
        for name in sorted(set(archive.namelist())):
            if not name.endswith("/") and not name.startswith(_OWN):
                digest.update(f"{name}\n{hashlib.sha256(archive.read(name)).hexdigest()}\n".encode())
    return digest.hexdigest()


def _run(what: str, command: Sequence[str]) -> None:
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if ended.returncode:
        last = (ended.stderr.strip() or ended.stdout.strip() or "it said nothing")[-2000:]
        raise InputError(f"{what} could not be fetched; {command[0]} ended with {ended.returncode}:\n{last}")


def sha256_of(path: pathlib.Path) -> str:
    """The checksum of a file."""
    with open(path, "rb") as file:
        digest = hashlib.sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def check(path: pathlib.Path, sha256: str) -> None:
    """Raises InputError where the file's checksum is another one."""
    _compare(path, sha256_of(path), sha256)


def _compare(path: pathlib.Path, found: str, expected: str) -> None:
    if found != expected:
        raise InputError(f"{path}: its SHA-256 is {found}, expected {expected}: it is not the file it should be")
