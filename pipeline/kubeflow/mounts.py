"""What pods mount: volumes of names that are free, where they hide nothing that a container cannot do without."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from components.errors import ConfigError
from pipeline.config.kubeflow import Kubeflow
from pipeline.kubeflow.platform import SHARED_MEMORY
from pipeline.kubeflow.twins import refuse_twins

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_BACKEND_VOLUMES = {
    "kfp-launcher", "ca-bundle", "gcs-scratch", "s3-scratch", "minio-scratch", "dot-local-scratch", "dot-cache-scratch",
    "dot-config-scratch",
}  # fmt: skip
_KFP = "a folder of Kubeflow's, in every pod"
_PROGRAMS = "programs and libraries of the image"
_MILLRACE = "Millrace and its Python, in the image"
_CLOSED = {
    # argocompiler/container.go
    **dict.fromkeys(("/gcs", "/s3", "/minio", "/.local", "/.cache", "/.config", "/kfp-launcher"), _KFP),
    **dict.fromkeys(("/proc", "/sys"), "what the kernel shows"),
    "/dev": "devices, and shared memory (kubeflow.shared_memory)",
    **dict.fromkeys(("/bin", "/sbin", "/lib", "/lib64", "/usr/bin", "/usr/sbin", "/usr/lib"), _PROGRAMS),
    **dict.fromkeys(("/usr/local/bin", "/usr/local/lib"), _PROGRAMS),
    # requirements/Dockerfile
    **dict.fromkeys(("/opt/python", "/opt/millrace/.venv"), _MILLRACE),
    **dict.fromkeys(("/opt/millrace/components", "/opt/millrace/pipeline"), _MILLRACE),
    "/tmp/kfp_outputs": "what each step tells Kubeflow",
    **dict.fromkeys(("/run/argo", "/var/run/argo"), "a folder of Argo's, in every pod"),
}
"""Nothing can be mounted there, below it, or over it: what lies there, by its place."""
_KEPT = {
    "/etc": "users, certificates and names of hosts",
    "/tmp": "HOME, and each pod's own temporary files",
    "/usr/share/zoneinfo": "time zones, without which ExampleGen aborts",
    "/project": "the project, in the image",
    **dict.fromkeys(
        ("/run/secrets/kubernetes.io/serviceaccount", "/var/run/secrets/kubernetes.io/serviceaccount"),
        "the token that a pod shows Kubernetes",
    ),
}
"""Nothing can be mounted there or over it; below it, something can."""


def check_mounts(cluster: Kubeflow) -> None:
    """Refuse what pods could not mount, or not run with.

    Raises:
        ConfigError: names the field.
    """
    mounts = list(_mounts(cluster))
    for field, name, _ in mounts:
        _check_name(field, name)
    # The backend names a volume after what it holds.
    refuse_twins("kubeflow: what is mounted is a volume of its name, but", (name for _, name, _ in mounts))
    for field, _, path in mounts:
        hidden = _hidden(path)
        if hidden:
            what = _CLOSED.get(hidden) or _KEPT[hidden]
            raise ConfigError(f"kubeflow.{field}: nothing can be mounted at {path}, because of {hidden} ({what})")
    refuse_twins("kubeflow: the mount path", (path for *_, path in mounts))


def _mounts(cluster: Kubeflow) -> Iterator[tuple[str, str, str]]:
    """The field, the volume's name and the path of each mount."""
    for volume in cluster.volumes:
        yield "volumes", volume.claim, _normal(volume.path)
    for field, mounts in (("secret_mounts", cluster.secret_mounts), ("config_map_mounts", cluster.config_map_mounts)):
        for mount in mounts:
            yield field, mount.name, _normal(mount.path)


def _normal(path: str) -> str:
    """Also without the second slash that POSIX lets stand at the beginning."""
    return "/" + posixpath.normpath(path).lstrip("/")


def _check_name(field: str, name: str) -> None:
    if not _LABEL.fullmatch(name):
        raise ConfigError(
            f"kubeflow.{field}: {name!r} is mounted as the volume of that name, which must be at most 63 lower-case "
            "letters, digits and dashes"
        )
    if name in _BACKEND_VOLUMES or name == SHARED_MEMORY:
        raise ConfigError(f"kubeflow.{field}: {name!r} is the name of another volume in each pod: it cannot be mounted")


def _hidden(path: str) -> str | None:
    """The place that a mount at `path` would hide, or lie in."""
    places = (
        place for place in (*_CLOSED, *_KEPT) if _within(place, path) or (place in _CLOSED and _within(path, place))
    )
    return next(places, None)


def _within(path: str, folder: str) -> bool:
    return posixpath.commonpath([path, folder]) == folder
