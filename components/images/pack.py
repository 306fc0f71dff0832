"""A folder of class folders → TFRecord shards of tf.Example, with the keys that the field agrees on.

    image/encoded          the file's bytes; BMP, some of which TensorFlow cannot decode, becomes PNG
    image/format           jpeg, png or gif
    image/filename         CLASS/NAME
    image/class/label      the class' place among the sorted class names, from 0
    image/class/text       the class' name, that of its folder

Which shard, and which split, an image is in depends on its file name alone.
"""

import dataclasses
import functools
import hashlib
import io
import itertools
import multiprocessing
import os
import shutil
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import TypeVar, Union

import tensorflow as tf
from PIL import Image, UnidentifiedImageError

from components import progress
from components.batches import batches
from components.errors import InputError
from components.images.pillow import file_format
from components.images.properties import problem
from components.tfrecords import shards as tfrecords

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif")
LABELS = "labels.txt"
_SHOWN = 10
_TOGETHER = 100
"""Images that a process is given at a time."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True)
class Packed:
    """What was written.

    Attributes:
        images: by split; one split, "", where none was asked for.
        unreadable: CLASS/NAME and the reason of each file that was left out.
        others: what else lies in the folder, such as files that are no images by their names.
    """

    classes: tuple[str, ...]
    images: Mapping[str, int]
    unreadable: tuple[tuple[str, str], ...]
    others: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class _Shard:
    """One file to write: the images whose names lead to it, in their order."""

    path: str
    split: str
    names: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class _Job:
    """Some images of a shard."""

    shard: _Shard
    names: tuple[str, ...]


def pack(folder: str, out: str, splits: Mapping[str, int], shards: int, allowed: float) -> Packed:
    """Pack the images in `folder`'s class folders into `out`, which must not exist yet.

    How many are done is reported as progress(packed=images since the last report).

    Args:
        splits: shares by name, such as {"train": 8, "eval": 2}, each a folder of `out`; empty puts all in `out`.
        shards: files per split.
        allowed: unreadable files that are left out before packing is refused; below 1 it is a share of all files.

    Raises:
        InputError: `out` exists, lies in `folder` or cannot be written, there are no class folders, or more files are
            unreadable than allowed.
    """
    if os.path.exists(out):
        raise InputError(f"{out} is there already: name another folder, or remove it")
    names = image_files(folder)
    within = os.path.abspath(folder)
    if os.path.commonpath([within, os.path.abspath(out)]) == within:
        raise InputError(f"{out} lies in the folder that is packed: name one outside {folder}")
    classes = tuple(sorted({os.path.dirname(name) for name in names}))
    partial = f"{out}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        os.makedirs(partial)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}. Name another folder") from error
    try:
        packed = _write(folder, classes, _shards(names, partial, splits or {"": 1}, shards), partial)
        _check_budget(packed.unreadable, len(names), allowed)
        with open(os.path.join(partial, LABELS), "w", encoding="utf-8") as file:
            file.writelines(f"{name}\n" for name in classes)
        os.rename(partial, out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return dataclasses.replace(packed, others=tuple(other_files(folder, names)))


def image_files(folder: str) -> list[str]:
    """CLASS/NAME of every file with a picture's suffix, sorted.

    Raises:
        InputError: there is none.
    """
    if not os.path.isdir(folder):
        raise InputError(f"{folder}: no such folder. It must hold a folder of images for each class")
    classes = [name for name in sorted(os.listdir(folder)) if os.path.isdir(os.path.join(folder, name))]
    found = [
        f"{name}/{file}"
        for name in classes
        for file in sorted(os.listdir(os.path.join(folder, name)))
        if file.lower().endswith(SUFFIXES)
    ]
    if not found:
        raise InputError(f"{folder}: no folder in it holds images ({', '.join(SUFFIXES)}). Each class is a folder")
    return found


def other_files(folder: str, names: Sequence[str]) -> list[str]:
    """The files in `folder` that are not among its images, and the folders that hold nothing, sorted."""
    images, found = set(names), []
    for path, folders, files in os.walk(folder):
        inside = os.path.relpath(path, folder)
        found += [os.path.normpath(os.path.join(inside, file)) for file in files]
        found += [] if files or folders else [f"{inside}/"]
    return sorted(file for file in found if file not in images)


def place(name: str, splits: Mapping[str, int], shards: int) -> tuple[str, int]:
    """The split and the shard of CLASS/NAME, by its SHA-256."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    bucket, shard = number % sum(splits.values()), number // sum(splits.values()) % shards
    for split, share in splits.items():
        if bucket < share:
            return split, shard
        bucket -= share
    raise AssertionError(f"{splits} leave out {name}")


def example(folder: str, name: str, label: int) -> Union[bytes, str]:
    """The serialized tf.Example of an image file, or why there is none."""
    try:
        with open(os.path.join(folder, name), "rb") as file:
            encoded, form = _encoded(file.read())
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    refused = problem(encoded)
    if refused:
        return refused
    features = {
        "image/encoded": _bytes(encoded),
        "image/format": _bytes(form.encode()),
        "image/filename": _bytes(name.encode()),
        "image/class/label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
        "image/class/text": _bytes(os.path.dirname(name).encode()),
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString(deterministic=True)


def _encoded(data: bytes) -> tuple[bytes, str]:
    """The bytes to keep, and their format by what they are, whatever the file is called."""
    try:
        image = Image.open(io.BytesIO(data))
        if image.format != "BMP":
            return data, file_format(image).lower()
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        return buffer.getvalue(), "png"
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return data, ""  # it is looked at again, and refused with a reason


def _bytes(value: bytes) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))


def _shards(names: Sequence[str], out: str, splits: Mapping[str, int], shards: int) -> list[_Shard]:
    members: dict[tuple[str, int], list[str]] = {(split, shard): [] for split in splits for shard in range(shards)}
    for name in names:
        members[place(name, splits, shards)].append(name)
    return [
        _Shard(os.path.join(out, split, f"images-{shard:05d}-of-{shards:05d}.tfrecord.gz"), split, tuple(found))
        for (split, shard), found in members.items()
    ]


def _write(folder: str, classes: tuple[str, ...], shards: Sequence[_Shard], partial: str) -> Packed:
    """Write all shards, in order, while every core makes examples of what follows."""
    make = functools.partial(_examples, folder, {name: label for label, name in enumerate(classes)})
    jobs = [_Job(shard, tuple(names)) for shard in shards for names in list(batches(shard.names, _TOGETHER)) or [[]]]
    images = dict.fromkeys((shard.split for shard in shards), 0)
    for split in images:
        os.makedirs(os.path.join(partial, split), exist_ok=True)
    unreadable = []
    cores = len(os.sched_getaffinity(0))
    # By fork: what it takes to import TensorFlow again is more than many folders take. It runs in the children only.
    with ProcessPoolExecutor(cores, multiprocessing.get_context("fork"), initializer=_begin) as pool:
        done = in_order(pool, make, (job.names for job in jobs), ahead=2 * cores)
        for shard, found in itertools.groupby(zip(jobs, done, strict=True), key=lambda each: each[0].shard):
            file = tfrecords.Shard(shard.path, partial)
            for job, examples in found:
                file.write([each for each in examples if isinstance(each, bytes)])
                unreadable += [
                    (name, each) for name, each in zip(job.names, examples, strict=True) if isinstance(each, str)
                ]
                progress.report(packed=len(job.names))
            file.commit()
            images[shard.split] += file.records
    return Packed(classes, images, tuple(sorted(unreadable)), ())


def _examples(folder: str, labels: Mapping[str, int], names: Sequence[str]) -> list[Union[bytes, str]]:
    return [example(folder, name, labels[os.path.dirname(name)]) for name in names]


def _begin() -> None:
    """What each process starts with."""
    # Ctrl-C reaches all processes of a terminal; the one that hands out the work ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # TensorFlow decodes JPEG here, and would take all of a GPU's memory for it.
    tf.config.set_visible_devices([], "GPU")


def in_order(pool: Executor, function: Callable[[Item], Result], items: Iterable[Item], ahead: int) -> Iterator[Result]:
    """What `function` makes of each item, in their order, at most `ahead` of them waiting to be taken."""
    waiting: deque[Future[Result]] = deque()
    for item in items:
        if len(waiting) == ahead:
            yield waiting.popleft().result()
        waiting.append(pool.submit(function, item))
    while waiting:
        yield waiting.popleft().result()


def _check_budget(unreadable: Sequence[tuple[str, str]], files: int, allowed: float) -> None:
    if len(unreadable) <= (allowed * files if allowed < 1 else allowed):
        return
    first = "".join(f"\n  {name}: {reason}" for name, reason in unreadable[:_SHOWN])
    more = f"\n  … and {len(unreadable) - _SHOWN} more" if len(unreadable) > _SHOWN else ""
    raise InputError(
        f"{len(unreadable)} of {files} files are no usable images; --bad-files allows {allowed:g}:{first}{more}"
    )
