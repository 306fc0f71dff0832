"""Containers as Docker runs them, as close to the pods as one machine gets.

The image's own user, which must not be root; a root file system that cannot be written, but for /tmp and the folders
that KFP gives a pod (argocompiler/container.go: /gcs, /s3, /minio, /.local, /.cache, /.config); no capabilities; the
limits of the documents. The first PersistentVolumeClaim is the rehearsal's root, the others are folders in it.
"""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator

from components.errors import InputError
from pipeline.rehearsal.quantities import amount
from pipeline.rehearsal.reading import Step
from pipeline.rehearsal.runtime import Launch, Place, exit_code
from pipeline.rehearsal.spec import Resources

_SCRATCH = ("/gcs", "/s3", "/.local", "/.cache", "/.config")
_BUCKETS = (("minio://", "/minio/"), ("gs://", "/gcs/"), ("s3://", "/s3/"))
_OUTPUTS = "/tmp/kfp_outputs"
_ROOTS = ("", "0", "root")


class _Container:
    """One `docker run`."""

    def __init__(self, popen: subprocess.Popen[bytes], name: str) -> None:
        self._popen = popen
        self._name = name

    def wait(self, timeout: float | None = None) -> int:
        """See `Handle`."""
        code = exit_code(self._popen, timeout)
        self.kill()
        return code

    def stop(self) -> None:
        """See `Handle`."""
        _docker("kill", "--signal", "TERM", self._name)

    def kill(self) -> None:
        """See `Handle`."""
        _docker("rm", "--force", self._name)


class Docker:
    """The runtime of Docker."""

    name = "docker"

    def __init__(self, root: str, image: str | None = None) -> None:
        """`root` stands for the first volume, and is made for all to write; `image` takes the documents' place."""
        _make_for_all(root)
        self._root = root
        self._image = image
        self._checked: set[str] = set()

    def notes(self, step: Step) -> list[str]:
        """See `Runtime`."""
        pod = step.pod
        parts = {
            f"image {step.container.image}": self._image,
            "GPUs of its own": step.container.resources.accelerator,
            "Secrets and ConfigMaps as files": pod.secret_as_volume or pod.config_map_as_volume,
            "choice of nodes": pod.node_selector.labels or pod.tolerations or pod.node_affinity,
            "pull secrets": pod.image_pull_secret,
        }
        return [part for part, there in parts.items() if there]

    def check(self, step: Step) -> None:
        """See `Runtime`."""
        self.check_image(self._image_of(step))

    def check_image(self, image: str) -> None:
        """Raises InputError where containers of that image cannot run here, or not on a cluster."""
        if image in self._checked:
            return
        try:
            asked = _docker("image", "inspect", "--format", "{{.Config.User}}", image)
        except FileNotFoundError:
            raise InputError("--docker: there is no docker here; leave it out to rehearse with processes") from None
        if asked.returncode:
            _check_daemon()
            raise InputError(f"image {image}: {asked.stderr.decode().strip()}. `millrace image build` builds it")
        if asked.stdout.decode().strip().partition(":")[0] in _ROOTS:
            raise InputError(f"image {image} runs as root, which clusters forbid: give it a USER")
        self._checked.add(image)

    def place(self, step: Step, job: str, folder: str) -> Place:
        """See `Runtime`."""
        bucket = f"minio://mlpipeline/v2/artifacts/{job}"
        return Place(
            folder=folder,
            uri_root=f"{bucket}/{step.title}/{uuid.uuid4()}",
            bucket=bucket,
            output_file=f"{_OUTPUTS}/output_metadata.json",
            paths=_BUCKETS,
            mounts=(("/minio", os.path.join(folder, "minio")), (_OUTPUTS, os.path.join(folder, "outputs"))),
        )

    def outside(self, step: Step, path: str) -> str:
        """See `Runtime`."""
        for inside, outside in self._volumes(step):
            below = os.path.relpath(path, inside)
            if below.partition("/")[0] != "..":
                return os.path.normpath(os.path.join(outside, below))
        return path

    def start(self, launch: Launch) -> _Container:
        """See `Runtime`. Variables go through docker's own, as arguments are for all to see."""
        name = f"rehearsal-{launch.environment['KFP_POD_NAME']}"
        program, *arguments = launch.command
        words = ["docker", "run", "--rm", "--name", name, *self._options(launch), *_limits(launch.step)]
        words += [word for variable in launch.environment for word in ("--env", variable)]
        words += ["--entrypoint", program, self._image_of(launch.step), *arguments]
        with open(launch.log, "ab") as log:
            popen = subprocess.Popen(
                words,
                env={**os.environ, **launch.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return _Container(popen, name)

    def _image_of(self, step: Step) -> str:
        return self._image or step.container.image

    def _options(self, launch: Launch) -> Iterator[str]:
        yield from ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "host")
        yield from ("--tmpfs", "/tmp:rw,exec,mode=1777")
        for path in _SCRATCH:
            yield from ("--tmpfs", f"{path}:rw,exec,mode=1777")
        for inside, outside in (*launch.place.mounts, *self._volumes(launch.step)):
            yield from ("--volume", f"{outside}:{inside}")

    def _volumes(self, step: Step) -> Iterator[tuple[str, str]]:
        for index, mount in enumerate(step.pod.pvc_mount):
            outside = os.path.join(self._root, "volumes", mount.claim) if index else self._root
            _make_for_all(outside)
            yield mount.mount_path, outside


def _limits(step: Step) -> Iterator[str]:
    resources = step.container.resources
    if cores := _cores(resources):
        yield from ("--cpus", f"{cores:g}")
    if memory := _memory(resources):
        yield from ("--memory", str(memory))
    for mount in step.pod.empty_dir_mounts:
        if mount.mount_path == "/dev/shm":
            yield from ("--shm-size", f"{amount(mount.size_limit):.0f}") if mount.size_limit else ()
        else:
            yield from ("--tmpfs", f"{mount.mount_path}:rw,exec,mode=1777")


def _cores(resources: Resources) -> float:
    written = resources.resource_cpu_limit
    return amount(written) if written else resources.cpu_limit


def _memory(resources: Resources) -> int:
    """Bytes; the number counts GB of 10^9 bytes (driver.go, getPodResource: "%vG")."""
    written = resources.resource_memory_limit
    return round(amount(written) if written else resources.memory_limit * 1e9)


def _make_for_all(folder: str) -> None:
    """A folder that the image's user may write; one that is there keeps its rights."""
    if not os.path.isdir(folder):
        os.makedirs(folder)
        os.chmod(folder, 0o777)


def _check_daemon() -> None:
    """Raises InputError where docker does not answer, whatever image it is asked for."""
    asked = _docker("version")
    if asked.returncode:
        raise InputError(
            f"--docker: docker does not answer: {asked.stderr.decode().strip()}\n"
            "It must run here (sudo systemctl start docker) or where DOCKER_HOST says, and let you use it; leave "
            "--docker out to rehearse with processes"
        )


def _docker(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["docker", *words], stdin=subprocess.DEVNULL, capture_output=True, check=False)
