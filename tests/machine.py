"""A computer on which nothing is installed, and the wheels that it may install."""

from __future__ import annotations

import base64
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import zipfile

import pytest

CHECKOUT = pathlib.Path(__file__).parents[1]
TOOLS = "bash cat cut dirname env flock grep ls make mkdir mv rm sed sh sha256sum tail tr uname"


class Machine:
    """A computer with nothing but the usual tools, and a checkout whose lock names setuptools and one small package."""

    def __init__(self, folder: pathlib.Path, wheels: pathlib.Path) -> None:
        self.home, self.bin, self.checkout = folder / "home", folder / "bin", folder / "checkout"
        self.wheels = wheels
        self.environment = {
            "HOME": str(self.home),
            "PATH": str(self.bin),
            "PIP_FIND_LINKS": str(wheels),
            "PIP_NO_INDEX": "1",
            "PIP_CONFIG_FILE": os.devnull,
        }
        (self.home / ".config/uv").mkdir(parents=True)
        (self.home / ".config/uv/uv.toml").write_text(f'no-index = true\nfind-links = ["{wheels}"]\n')
        self.bin.mkdir()
        for tool in TOOLS.split():
            self.link(tool, pathlib.Path(shutil.which(tool) or pytest.fail(f"this machine lacks {tool}")))
        for package in ("components", "pipeline", "pipeline/cli", "requirements"):
            (self.checkout / package).mkdir(parents=True)
            (self.checkout / package / "__init__.py").touch()
        (self.checkout / "pipeline/cli/main.py").write_text(
            "import sys, small\ndef main(): print('millrace', small.VERSION, *sys.argv[1:])\n"
        )
        for file in ("Makefile", "setup.py", "requirements/bootstrap.sh", "requirements/find.sh"):
            shutil.copy(CHECKOUT / file, self.checkout / file)
        self.lock("runtime", "setuptools", "small-1")
        self.lock("dev", "extra")
        self.lock("build", "setuptools")

    def link(self, name: str, target: pathlib.Path) -> None:
        (self.bin / name).symlink_to(target)

    def lock(self, name: str, *projects: str) -> None:
        """Writes requirements/NAME.lock with the wheels whose names begin so."""
        files = [next(self.wheels.glob(f"{project}[-.]*.whl")) for project in projects]
        (self.checkout / f"requirements/{name}.lock").write_text("".join(map(requirement, files)))

    def make(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", "-s", *words],
            cwd=self.checkout,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def runs(self, *words: str, **environment: str) -> str:
        """`make run` must succeed; what it printed."""
        done = self.make("run", *words, **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def finds_python(self, **environment: str) -> pathlib.Path:
        done = subprocess.run(
            ["sh", "-c", "mkdir -p .tools && . requirements/find.sh && find_python"],
            cwd=self.checkout,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return pathlib.Path(done.stdout.strip())

    def base(self) -> str:
        """The folder of the Python that .venv was made from."""
        return re.search(r"^home = (.*)$", (self.checkout / ".venv/pyvenv.cfg").read_text(), re.MULTILINE).group(1)


def requirement(wheel: pathlib.Path) -> str:
    name, version = wheel.name.split("-")[:2]
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def pack(folder: pathlib.Path, name: str, version: str, files: dict[str, bytes], tag: str = "py3-none-any") -> None:
    """Writes a wheel."""
    info = f"{name}-{version}.dist-info"
    content = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
    }
    digests = {
        path: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        for path, data in content.items()
    }
    record = "".join(f"{path},sha256={digest},{len(content[path])}\n" for path, digest in digests.items())
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w", zipfile.ZIP_STORED) as archive:
        for path, data in {**content, f"{info}/RECORD": f"{record}{info}/RECORD,,\n".encode()}.items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = (0o100755 if "/scripts/" in path else 0o100644) << 16
            archive.writestr(entry, data)
