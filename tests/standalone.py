"""This machine's Python 3.10 as uv would fetch it from python-build-standalone."""

from __future__ import annotations

import pathlib
import sys
import sysconfig
import tarfile

RELEASES = "https://github.com/astral-sh/python-build-standalone/releases/download/"
ARCHIVE = "cpython-3.10.99+20300101-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz"


def download() -> dict[str, object]:
    """uv's description of our archive."""
    return {
        "name": "cpython",
        "arch": {"family": "x86_64", "variant": None},
        "os": "linux",
        "libc": "gnu",
        "major": 3,
        "minor": 10,
        "patch": 99,
        "prerelease": "",
        "url": f"{RELEASES}20300101/{ARCHIVE.replace('+', '%2B')}",
        "sha256": None,
        "variant": None,
        "build": "20300101",
    }


def standalone_python(archive: pathlib.Path, python: pathlib.Path) -> None:
    """Packs this machine's Python 3.10 in the shape of python-build-standalone's archives."""
    library = pathlib.Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix}))

    def wanted(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        unwanted = {"test", "tests", "__pycache__", "site-packages", "dist-packages", "idlelib"}
        return None if unwanted & set(member.name.split("/")) or member.name.endswith(".a") else member

    archive.parent.mkdir(parents=True)
    with tarfile.open(archive, "w:gz", compresslevel=0) as tar:
        tar.add(python.resolve(), "python/bin/python3.10")
        tar.add(library, "python/lib/python3.10", filter=wanted)
        tar.add(sysconfig.get_path("include", vars={"installed_base": sys.base_prefix}), "python/include/python3.10")
        for shared in pathlib.Path(sys.base_prefix, "lib").glob("libpython3.10.so*"):
            tar.add(shared, f"python/lib/{shared.name}")
