"""What can run a container: the interface of processes and of Docker."""

from __future__ import annotations

import dataclasses
import subprocess
from typing import Protocol

from pipeline.rehearsal.reading import Step


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a container finds and leaves files, by the paths that it sees; and where they are on this machine."""

    folder: str
    """Its folder on this machine, which is emptied before every try, as a pod's is."""
    uri_root: str
    """What the URIs of its output artifacts begin with."""
    bucket: str
    """What KFP's root of the run would be: the launcher uploads nowhere else."""
    output_file: str
    """Where it may describe its outputs (the launcher's output_metadata.json). It makes the folder itself."""
    paths: tuple[tuple[str, str], ...] = ()
    """Prefixes of URIs, and what the launcher makes of each in the container (LocalPathForURI)."""
    mounts: tuple[tuple[str, str], ...] = ()
    """Folders in the container, and where they are on this machine; none where they are the same."""

    def path_of(self, uri: str) -> str:
        """The path of a URI in the container; "" where the launcher knows none, and uploads nothing."""
        return next((path + uri.removeprefix(prefix) for prefix, path in self.paths if uri.startswith(prefix)), "")

    def here(self, path: str) -> str:
        """Where a path of the container is on this machine."""
        found = [(inside, outside) for inside, outside in self.mounts if path.startswith(f"{inside}/")]
        return found[0][1] + path.removeprefix(found[0][0]) if found else path


@dataclasses.dataclass(frozen=True)
class Launch:
    """One try of one step."""

    step: Step
    command: list[str]
    environment: dict[str, str]
    place: Place
    log: str
    """The file for what it prints."""


class Handle(Protocol):
    """A container that has been started."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code (128 and the signal's number where it was killed), when all of it is gone.

        Raises:
            TimeoutError: it is not over yet.
        """

    def stop(self) -> None:
        """Ask it to end: SIGTERM."""

    def kill(self) -> None:
        """End it, and all that it has started."""


def exit_code(process: subprocess.Popen[bytes], timeout: float | None) -> int:
    """What a shell would say that the process has ended with.

    Raises:
        TimeoutError: it has not.
    """
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    return code if code >= 0 else 128 - code


class Runtime(Protocol):
    """Something that runs containers."""

    name: str

    def notes(self, step: Step) -> list[str]:
        """What the pod would have on a cluster and the container does not have here."""

    def check(self, step: Step) -> None:
        """Whether the step can run here.

        Raises:
            InputError: it cannot.
        """

    def place(self, step: Step, job: str, folder: str) -> Place:
        """Where the step's container has its files; `folder` is this machine's for it."""

    def outside(self, step: Step, path: str) -> str:
        """Where on this machine a path lies that the step's container sees on a volume."""

    def start(self, launch: Launch) -> Handle:
        """Start a container."""
