"""Docker or Podman, whichever is there: found, asked whether it runs, and made to build."""

from __future__ import annotations

import collections
import json
import re
import shutil
import subprocess
import tempfile
import textwrap
from collections.abc import Callable, Mapping, Sequence

from components.errors import CrashError, InputError

ENGINES = ("docker", "podman")
_STEP = re.compile(r"^(?:#\d+ )?(\[[\w-]+ \d+/\d+\] .*|STEP \d+/\d+: .*)")
"""How BuildKit and Buildah announce a step."""
_SECONDS = 20
"""What an engine may take to tell of itself or of an image."""
_LAST = 20
"""Lines of a failed build that are shown."""
_NO_BUILDX = "buildx component is missing or broken"
"""What docker's client says from 23 on. Older ones build without buildx."""


def find(name: str | None) -> str:
    """The engine of that name, or the first of ENGINES that is installed, once it has answered.

    Raises:
        InputError: there is none, or it does not run.
    """
    wanted = (name,) if name else ENGINES
    engine = next((each for each in wanted if shutil.which(each)), None)
    if not engine:
        raise InputError(
            f"no {' or '.join(wanted)} in PATH to build an image with: sudo apt-get install docker.io, or podman"
        )
    try:
        asked = subprocess.run([engine, "version"], capture_output=True, text=True, check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise InputError(f"{engine} is installed, but has not answered `{engine} version` for {_SECONDS} s") from None
    if asked.returncode:
        raise InputError(
            f"{engine} is installed, but does not answer: {asked.stderr.strip() or asked.stdout.strip()}\n"
            f"Does it run (sudo systemctl start {engine}), and may you use it (sudo usermod -aG {engine} $USER)?"
        )
    return engine


def run(command: Sequence[str], environment: Mapping[str, str], step: Callable[[str], None]) -> str:
    """Run an engine's command to its end, with `step` called for each step of a build; the path of its log.

    Raises:
        InputError: docker lacks buildx.
        CrashError: it failed; the message has the last lines and names the log.
    """
    last = collections.deque[str](maxlen=_LAST)
    with (
        tempfile.NamedTemporaryFile("w", prefix="millrace-image-", suffix=".log", delete=False) as log,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            last.append(line)
            if found := _STEP.match(line):
                step(textwrap.shorten(found.group(1), 100))
    if process.returncode and any(_NO_BUILDX in line for line in last):
        raise InputError(
            f"{command[0]} builds images with its plugin buildx, which is missing or broken: sudo apt-get install "
            "docker-buildx (Debian's and Ubuntu's docker.io) or docker-buildx-plugin (Docker's own docker-ce)"
        )
    if process.returncode:
        raise CrashError(
            f"`{' '.join(command[:2])}` failed with exit code {process.returncode}. The end of {log.name}:\n"
            + "".join(last)
        )
    return log.name


def size(engine: str, tag: str) -> int | None:
    """Bytes of an image, its base included; None where the engine does not have it (a build may write elsewhere)."""
    command = [engine, "image", "inspect", "--format", "{{.Size}}", tag]
    try:
        return int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=_SECONDS).stdout)
    except (ValueError, subprocess.SubprocessError):
        return None


def labels(tag: str) -> dict[str, str] | None:
    """The labels of an image that an engine here has; None where none has it."""
    for engine in filter(shutil.which, ENGINES):
        command = [engine, "image", "inspect", "--format", "{{json .Config.Labels}}", tag]
        try:
            told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_SECONDS).stdout
            return dict(json.loads(told) or {})
        except (OSError, ValueError, subprocess.SubprocessError):
            continue
    return None
