"""Containers as processes of this machine, each in a session of its own.

What a process starts belongs to it as what runs in a container does: it ends with it. It is known by the session, or by
the pod's id in its variables where it has made a session of its own.

A pod writes the artifacts that KFP's launcher uploads below /gcs, /s3 or /minio, folders at the root of the file
system that are the pod's own (LocalPathForURI). A process may not write there. So its artifacts have no scheme: the
URI is an absolute path below the rehearsal's folder, and is its own local path; tasks take a URI without a scheme so.
All else that a container would get from its image (Python, the code, the working directory) is this machine's.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from pipeline.rehearsal.reading import Step
from pipeline.rehearsal.runtime import Launch, Place, exit_code

_KEPT = ("HOME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "TF_CPP_MIN_LOG_LEVEL")
"""What a process inherits. Everything else it must be given by the documents, as in a pod."""


class Process:
    """One process and its session."""

    def __init__(self, popen: subprocess.Popen[bytes], pod: str, temporary: str) -> None:
        self._popen = popen
        self._mark = f"\0KFP_POD_UID={pod}\0".encode()
        self._temporary = temporary

    def wait(self, timeout: float | None = None) -> int:
        """See `Handle`. What the first process leaves behind ends with it."""
        code = exit_code(self._popen, timeout)
        self.kill()
        shutil.rmtree(self._temporary, ignore_errors=True)
        return code

    def stop(self) -> None:
        """See `Handle`."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """See `Handle`. Until there is nothing left: something may be started while the others are being killed."""
        while self._signal(signal.SIGKILL):
            time.sleep(0.01)

    def _signal(self, number: int) -> int:
        """Send a signal to all of its processes; how many there were."""
        sent = 0
        for pid in _processes(self._popen.pid, self._mark):
            try:
                os.kill(pid, number)
                sent += 1
            except ProcessLookupError:
                pass
        return sent


class Processes:
    """The runtime of processes."""

    name = "processes"

    def __init__(self, project: str, code: str) -> None:
        """`project` is the working directory, as it is the image's; `code` is where the packages are imported from."""
        self._project = project
        self._code = code

    def notes(self, step: Step) -> list[str]:
        """See `Runtime`."""
        pod, resources = step.pod, step.container.resources
        parts = {
            f"image {step.container.image}": True,
            "limits of cores and memory": resources.model_dump(exclude={"accelerator"}, exclude_defaults=True),
            "GPUs of its own": resources.accelerator,
            "volumes": pod.pvc_mount,
            "memory at /dev/shm": pod.empty_dir_mounts,
            "Secrets and ConfigMaps as files": pod.secret_as_volume or pod.config_map_as_volume,
            "choice of nodes": pod.node_selector.labels or pod.tolerations or pod.node_affinity,
            "pull secrets": pod.image_pull_secret,
        }
        return [part for part, there in parts.items() if there]

    def check(self, step: Step) -> None:
        """See `Runtime`."""

    def place(self, step: Step, job: str, folder: str) -> Place:
        """See `Runtime`."""
        return Place(
            folder=folder,
            uri_root=os.path.join(folder, "artifacts"),
            bucket=folder,
            output_file=os.path.join(folder, "outputs", "output_metadata.json"),
            paths=(("/", "/"),),
        )

    def outside(self, step: Step, path: str) -> str:
        """See `Runtime`."""
        return path

    def start(self, launch: Launch) -> Process:
        """See `Runtime`. The temporary folder has a short name: sockets are made in it."""
        temporary = tempfile.mkdtemp(prefix="rehearsal-")
        inherited = {name: os.environ[name] for name in _KEPT if name in os.environ}
        path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])
        own = {"PATH": path, "PYTHONPATH": self._code, "TMPDIR": temporary, "PYTHONUNBUFFERED": "1"}
        with open(launch.log, "ab") as log:
            try:
                popen = subprocess.Popen(
                    launch.command,
                    cwd=self._project,
                    env={**inherited, **own, **launch.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError:
                shutil.rmtree(temporary, ignore_errors=True)
                raise
        return Process(popen, launch.environment["KFP_POD_UID"], temporary)


def _processes(leader: int, mark: bytes) -> Iterator[int]:
    """The processes that still run in the leader's session or have `mark` in their variables."""
    for name in os.listdir("/proc"):
        if name.isdigit() and _belongs(int(name), leader, mark):
            yield int(name)


def _belongs(pid: int, leader: int, mark: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat, open(f"/proc/{pid}/environ", "rb") as variables:
            state, _, _, session = stat.read().rpartition(")")[2].split()[:4]
            return state not in "ZX" and (int(session) == leader or mark in b"\0" + variables.read())
    except OSError:
        return False  # gone by now, or somebody else's
