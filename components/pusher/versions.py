"""The versions of a model in a serving directory, as TensorFlow Serving reads it: the highest number is served.

    serving/taxi/3/               a version; it appears by one rename and is complete from then on
    serving/taxi/.staging-4/      a version in the making, locked by the process that makes it
    serving/taxi/.withdrawn/2/    a version that was rolled back
    serving/taxi/.given           the numbers of all versions that ever were; none is given again

Imports nothing heavy: the command line uses it.
"""

import dataclasses
import json
import os
from typing import Optional

from components.errors import InputError

RECORD = "millrace.json"
WITHDRAWN = ".withdrawn"


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
    return numbers(serving_dir)


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
    withdrawn = os.path.join(serving_dir, WITHDRAWN)
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
    folders = [(serving_dir, False), (os.path.join(serving_dir, WITHDRAWN), True)]
    for folder, withdrawn in folders:
        for version in reversed(numbers(folder)):
            found = read_record(os.path.join(folder, str(version)))
            if found is None or (found.model_uri, found.model_digest) != (record.model_uri, record.model_digest):
                continue
            is_current = not withdrawn and version == versions(serving_dir)[-1]
            if is_current or found.run_id == record.run_id:
                return Pushed(version, os.path.join(folder, str(version)), found)
    return None


def stands(serving_dir: str, version: int) -> bool:
    """Whether nothing has undone a push but a rollback: its version is the current one, or was withdrawn."""
    return version in versions(serving_dir)[-1:] or version in numbers(os.path.join(serving_dir, WITHDRAWN))


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


def numbers(folder: str) -> tuple[int, ...]:
    """The folders in `folder` that are called by a number, rising."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return tuple(sorted(int(name) for name in names if name.isdigit() and os.path.isdir(os.path.join(folder, name))))
