"""A user's own code on its way to the workers: copies in a folder that they share, whatever their image has."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence

from components.errors import InputError
from pipeline.digests import Source, Sources
from pipeline.references import ROOTS, copy_of


@contextlib.contextmanager
def staged(paths: Sequence[str], project: str, folder: str) -> Iterator[None]:
    """Within, the files and those that they import lie below `folder`, where `references.look_in` makes them found.

    Args:
        project: a folder that they import from, too.
        folder: one of this try's, which is not there yet.

    Raises:
        InputError: a file cannot be read, or nothing be written there.
    """
    sources = Sources(project)
    found = dict.fromkeys(source for path in paths for source in sources.files(path))
    try:
        for source in found:
            _copy(source, folder)
        _write_roots(found, folder)
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(source: Source, folder: str) -> None:
    path = os.path.join(source.folder, source.path)
    copy = copy_of(path, folder)
    with _told(path):
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copyfile(path, copy)


def _write_roots(sources: Iterable[Source], folder: str) -> None:
    roots = dict.fromkeys(source.folder for source in sources)
    with _told(ROOTS), open(os.path.join(folder, ROOTS), "w", encoding="utf-8") as file:
        file.writelines(f"{root}\n" for root in roots)


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{error.filename}: {error.strerror}: {what} cannot be given to the workers") from None
