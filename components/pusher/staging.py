"""A version in the making: filled in a hidden folder that is locked, made visible by one rename."""

import contextlib
import dataclasses
import fcntl
import json
import os
import shutil
from collections.abc import Iterator

from components.pusher.versions import RECORD, WITHDRAWN, Record, numbers, path_of

_STAGING = ".staging-"
_GIVEN = ".given"


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
        _note(self.serving_dir, self.version)
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
        taken = version in numbers(serving_dir) + numbers(os.path.join(serving_dir, WITHDRAWN))
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
    return [*numbers(serving_dir), *numbers(os.path.join(serving_dir, WITHDRAWN)), *staged, *_given(serving_dir)]


def _note(serving_dir: str, version: int) -> None:
    """Remember that a number was given: TensorFlow Serving takes a number it knows for the model it knows."""
    path = os.path.join(serving_dir, _GIVEN)
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"{version}\n")
    sync(path)


def _given(serving_dir: str) -> list[int]:
    try:
        with open(os.path.join(serving_dir, _GIVEN), encoding="utf-8") as file:
            return [int(line) for line in file if line.strip().isdigit()]
    except FileNotFoundError:
        return []


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
