"""Disks of a test's own: small file systems in memory that no other process sees, and that end with this one."""

from __future__ import annotations

import ctypes
import os
import pathlib
from collections.abc import Callable

_NEW_MOUNTS, _NEW_USER = 0x20000, 0x10000000  # CLONE_NEWNS, CLONE_NEWUSER
_READ_ONLY, _REMOUNT, _RECURSIVE, _PRIVATE = 1, 32, 1 << 14, 1 << 18  # MS_*
_LIBC = ctypes.CDLL(None, use_errno=True)


class NotAllowed(Exception):
    """This user may mount nothing here, not even in a user namespace."""


def own() -> None:
    """Give this process, which must have one thread, mounts of its own."""
    try:
        _unshare()
        _call(_LIBC.mount, None, b"/", None, _RECURSIVE | _PRIVATE, None)
    except OSError as error:
        raise NotAllowed(f"{NotAllowed.__doc__} ({error})") from error


def _unshare() -> None:
    user, group = os.getuid(), os.getgid()
    if user == 0 and _LIBC.unshare(_NEW_MOUNTS) == 0:
        return
    _call(_LIBC.unshare, _NEW_MOUNTS | _NEW_USER)
    for name, text in {"setgroups": "deny", "uid_map": f"0 {user} 1", "gid_map": f"0 {group} 1"}.items():
        pathlib.Path("/proc/self", name).write_text(text)


class Disk:
    """An empty file system at `path`."""

    def __init__(self, path: pathlib.Path, size: int) -> None:
        path.mkdir()
        self.path = path
        _call(_LIBC.mount, b"tmpfs", os.fsencode(path), b"tmpfs", 0, f"size={size}".encode())

    def leave(self, size: int) -> None:
        """Fill it with a file until this many bytes are free."""
        filler = self.path / "filler"
        filler.unlink(missing_ok=True)
        found = os.statvfs(self.path)
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, found.f_bavail * found.f_frsize - size)

    def make_read_only(self) -> None:
        """Refuse every write from now on."""
        _call(_LIBC.mount, None, os.fsencode(self.path), None, _REMOUNT | _READ_ONLY, None)


def _call(function: Callable[..., int], *arguments: object) -> None:
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
