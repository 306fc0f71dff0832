"""Whether a cluster's storage and metadata store can be used: looked at before any work is done."""

from __future__ import annotations

import os
import uuid

from components.errors import InputError
from pipeline.connection import PASSWORD, STORE, connection
from pipeline.layout import Layout
from pipeline.runners import store as stores
from pipeline.runners import unreachable


def check(root: str) -> None:
    """Write, rename, read and remove a file under `root`, and open the store.

    Raises:
        InputError: one of these cannot be done; says which, and what to look at.
    """
    _check_root(root)
    _check_store(root)


def _check_root(root: str) -> None:
    if "://" in root:
        raise InputError(
            f"pipeline_root: records, checkpoints and pushed models need a folder with renames, which {root} is not. "
            "Mount the bucket (GCS FUSE or S3 CSI) or a ReadWriteMany volume, and name the folder"
        )
    if not os.path.isabs(root):
        raise InputError(f"pipeline_root must be an absolute path: that of a volume of the pods. Received: {root!r}")
    probe = os.path.join(Layout(root).runs, f".probe-{uuid.uuid4().hex}")
    try:
        os.makedirs(Layout(root).runs, exist_ok=True)
        with open(f"{probe}.part", "w", encoding="utf-8") as file:
            file.write("probe")
        os.replace(f"{probe}.part", probe)
        with open(probe, encoding="utf-8") as file:
            same = file.read() == "probe"
        os.remove(probe)
    except OSError as error:
        raise InputError(
            f"pipeline_root: cannot write under {root} ({error.strerror}; user {os.getuid()}, group {os.getgid()}). "
            "Is the volume mounted there (kubeflow.volumes), and may this user write to it?"
        ) from error
    if not same:
        raise InputError(f"pipeline_root: what is written under {root} reads as something else")


def _check_store(root: str) -> None:
    config = connection(root)
    try:
        # Opening it makes what an empty database lacks, and tries again where another root's run does so, too.
        with stores.making_types(root), stores.opened(config) as store:
            store.store.get_artifact_types()
    except Exception as error:
        if not unreachable.is_of_store(error):
            raise
        raise InputError(
            f"{unreachable.told(root, error)}. {STORE} names it (kubeflow.store), {PASSWORD} holds its password "
            "(kubeflow.password); the database must exist"
        ) from error
