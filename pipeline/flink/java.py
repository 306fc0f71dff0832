"""The Java that runs Flink and Beam's job server."""

from __future__ import annotations

import re
import shutil
import subprocess

from components.errors import InputError

MAJOR = 17
"""Flink 1.19 runs on 8, 11 and 17; only this one was tried."""

_INSIDE = (
    "lang", "lang.reflect", "net", "io", "nio", "text", "time", "util", "util.concurrent", "util.concurrent.atomic",
    "util.concurrent.locks",
)  # fmt: skip
FRUGAL = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""The work is Python's: better compiled Java, and a collector with threads of its own, cost more than they gain."""
OPENED = tuple(f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in _INSIDE)
"""What Flink's own start scripts open to its serialisation."""


def found() -> str:
    """The path of java.

    Raises:
        InputError: there is none, or of another version.
    """
    path = shutil.which("java")
    if path is None:
        raise InputError(
            f"Flink needs Java {MAJOR}, and there is no java in PATH: sudo apt-get install openjdk-17-jre-headless"
        )
    told = subprocess.run([path, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version[1]) != MAJOR:
        raise InputError(
            f"Flink needs Java {MAJOR}, and {path} is {told.partition(chr(10))[0] or 'no Java'}: "
            f"sudo apt-get install openjdk-{MAJOR}-jre-headless, and put its bin folder first in PATH"
        )
    return path
