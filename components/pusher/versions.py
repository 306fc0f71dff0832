"""The versions of a model in a serving directory, as TensorFlow Serving reads it: the highest number is served.

    serving/taxi/3/               a version; it appears by one rename and is complete from then on
    serving/taxi/.staging-4/      a version in the making, locked by the process that makes it
    serving/taxi/.withdrawn/2/    a version that was rolled back; its number is never given again

Imports nothing heavy: the command line uses it.
"""

import contextlib
import dataclasses
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from typing import Optional

from components.errors import InputError

RECORD = "millrace.json"
_STAGING = ".staging-"
_WITHDRAWN = ".withdrawn"


@dataclasses.dataclass(frozen=True)
class Record:
    """What stands in a version's `millrace.json`."""

    model_uri: str
    model_digest: str
    run_id: str
    pushed: str
    """When, as ISO 8601 in UTC."""


@dataclasses.dataclass(frozen=True)
class Pushed:
    """A version that exists, visible or withdrawn."""

    version: int
    path: str
    record: Optional[Record]
    """None in a version that Millrace has not made."""


def versions(serving_dir: str) -> tuple[int, ...]:
    """The versions that can be served, rising; none where the directory does not exist."""
    return _numbers(serving_dir)


def current(serving_dir: str) -> int:
    """The version that is served.

    Raises:
        InputError: nothing was pushed to `serving_dir`.
    """
    present = versions(serving_dir)
    if not present:
        raise InputError(f"{serving_dir} holds no pushed model. Run the pipeline until a model is blessed and pushed")
    return present[-1]


def path_of(serving_dir: str, version: int) -> str:
    """The folder of a version that can be served."""
    return os.path.join(serving_dir, str(version))


def rollback(serving_dir: str) -> int:
    """Withdraw the current version, by one rename, and return the one that is served now.

    Raises:
        InputError: there is no version before the current one, or the directory cannot be written.
    """
    newest = current(serving_dir)
    earlier = versions(serving_dir)[:-1]
    if not earlier:
        raise InputError(
            f"{serving_dir} holds version {newest} and none before it, so there is nothing to roll back to"
        )
    withdrawn = os.path.join(serving_dir, _WITHDRAWN)
    try:
        os.makedirs(withdrawn, exist_ok=True)
        os.rename(path_of(serving_dir, newest), os.path.join(withdrawn, str(newest)))
    except OSError as error:
        raise unwritable(serving_dir, error) from error
    return earlier[-1]


def find(serving_dir: str, record: Record) -> Optional[Pushed]:
    """The version that already is this push.

    That is the current version when it holds the same model, and any version that the same run made of the
    same model, even when it was withdrawn since: a resumed run must not undo a rollback.
    """
    folders = [(serving_dir, False), (os.path.join(serving_dir, _WITHDRAWN), True)]
    for folder, withdrawn in folders:
        for version in reversed(_numbers(folder)):
            found = read_record(os.path.join(folder, str(version)))
            if found is None or (found.model_uri, found.model_digest) != (record.model_uri, record.model_digest):
                continue
            is_current = not withdrawn and version == versions(serving_dir)[-1]
            if is_current or found.run_id == record.run_id:
                return Pushed(version, os.path.join(folder, str(version)), found)
    return None


def stands(serving_dir: str, version: int) -> bool:
    """Whether nothing has undone a push but a rollback: its version is the current one, or was withdrawn."""
    return version in versions(serving_dir)[-1:] or version in _numbers(os.path.join(serving_dir, _WITHDRAWN))


def read_record(folder: str) -> Optional[Record]:
    """The record of the version in `folder`, or None where Millrace has not written one."""
    try:
        with open(os.path.join(folder, RECORD), encoding="utf-8") as file:
            return Record(**json.load(file))
    except (OSError, ValueError, TypeError):
        return None


def unwritable(serving_dir: str, error: Exception) -> InputError:
    """The error for a serving directory that cannot be written."""
    return InputError(
        f"cannot write to the serving directory {serving_dir}: {error}. "
        "Check its permissions and free space, or set pusher.path"
    )


@contextlib.contextmanager
def staging(serving_dir: str) -> Iterator["Stage"]:
    """A place for the next version, which is one above the highest number ever used.

    Two pushers at once get different numbers: a number belongs to whoever made its staging folder. What has not
    been committed when the block is left is removed; what a killed process left behind is removed by the next one.
    """
    os.makedirs(serving_dir, exist_ok=True)
    sync(serving_dir)
    stage = _reserve(serving_dir)
    _sweep(serving_dir, spare=stage.path)
    try:
        yield stage
    finally:
        os.close(stage.lock)
        shutil.rmtree(stage.path, ignore_errors=True)


@dataclasses.dataclass(frozen=True)
class Stage:
    """A version in the making."""

    serving_dir: str
    version: int
    lock: int
    """A descriptor of the folder, locked: it tells the folder of a live process from a dead one's."""

    @property
    def path(self) -> str:
        """The hidden folder to fill."""
        return os.path.join(self.serving_dir, f"{_STAGING}{self.version}")

    def commit(self, record: Record) -> str:
        """Make the version visible, by one rename, and return its folder."""
        with open(os.path.join(self.path, RECORD), "w", encoding="utf-8") as file:
            json.dump(dataclasses.asdict(record), file, indent=2)
        _sync_tree(self.path)
        target = path_of(self.serving_dir, self.version)
        os.rename(self.path, target)
        sync(self.serving_dir)
        return target


def _reserve(serving_dir: str) -> Stage:
    while True:
        version = 1 + max(_used(serving_dir), default=0)
        path = os.path.join(serving_dir, f"{_STAGING}{version}")
        try:
            os.mkdir(path)
            descriptor = os.open(path, os.O_RDONLY)
        except (FileExistsError, FileNotFoundError):
            # Another pusher was faster, or took this folder for a dead one's before it was locked.
            continue
        swept = not _locked(descriptor)
        # Between the look and the mkdir another pusher may have staged and committed this very number.
        taken = version in _numbers(serving_dir) + _numbers(os.path.join(serving_dir, _WITHDRAWN))
        if not swept and not taken and os.path.isdir(path):
            return Stage(serving_dir, version, descriptor)
        os.close(descriptor)
        if not swept:
            shutil.rmtree(path, ignore_errors=True)


def _locked(descriptor: int) -> bool:
    """Lock a folder; false where another process has it. A network file system without locks counts as locked."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def _sweep(serving_dir: str, spare: str) -> None:
    """Remove the staging folders of processes that are gone."""
    for name in os.listdir(serving_dir):
        path = os.path.join(serving_dir, name)
        if not name.startswith(_STAGING) or path == spare:
            continue
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path)
            finally:
                os.close(descriptor)


def _used(serving_dir: str) -> list[int]:
    names = os.listdir(serving_dir)
    staged = [int(name[len(_STAGING) :]) for name in names if name[len(_STAGING) :].isdigit() and name[0] == "."]
    return [*_numbers(serving_dir), *_numbers(os.path.join(serving_dir, _WITHDRAWN)), *staged]


def _numbers(folder: str) -> tuple[int, ...]:
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return tuple(sorted(int(name) for name in names if name.isdigit() and os.path.isdir(os.path.join(folder, name))))


def _sync_tree(folder: str) -> None:
    """Bring files and folders to the disk, so that a power cut after the rename finds them whole."""
    for parent, _, files in os.walk(folder, topdown=False):
        for name in files:
            sync(os.path.join(parent, name))
        sync(parent)


def sync(path: str) -> None:
    """fsync of one file or folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
