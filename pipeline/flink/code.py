"""A user's own code on its way to the workers: copies in a folder that they share, whatever their image has."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence

from components.errors import InputError
from pipeline.digests import Sources
from pipeline.references import copy_of


@contextlib.contextmanager
def staged(paths: Sequence[str], folder: str) -> Iterator[None]:
    """Within, the files and those that they import lie below `folder`, where `references.look_in` makes them found.

    The folder is one of this try's, which is not there yet.

    Raises:
        InputError: one cannot be read, or nothing be written there.
    """
    try:
        for path in paths:
            _copy(path, folder)
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(path: str, folder: str) -> None:
    for source in Sources(os.path.dirname(path)).files(path):
        copy = copy_of(source, folder)
        try:
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            shutil.copyfile(source, copy)
        except OSError as error:
            raise InputError(f"{error.filename}: {error.strerror}: {source} cannot be given to the workers") from None
