"""A folder of class folders → TFRecord shards of tf.Example, with the keys that the field agrees on.

    image/encoded          the file's bytes; BMP, some of which TensorFlow cannot decode, becomes PNG
    image/format           jpeg, png or gif
    image/filename         CLASS/NAME
    image/class/label      the class' place among the sorted class names, from 0
    image/class/text       the class' name, that of its folder

Which shard, and which split, an image is in depends on its file name alone.
"""

import dataclasses
import hashlib
import io
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from typing import Any, Union

import apache_beam as beam
import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions
from PIL import Image, UnidentifiedImageError

from components import progress
from components.batches import batches
from components.errors import InputError
from components.images.pillow import file_format
from components.images.properties import problem

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif")
LABELS = "labels.txt"
_REPORT = "report.json"
_SHOWN = 10
_TOLD_EVERY = 100


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


def pack(
    folder: str, out: str, splits: Mapping[str, int], shards: int, allowed: float, beam_args: Sequence[str]
) -> Packed:
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
    # Decoding starts TensorFlow in this process, which would take all of a GPU's memory.
    tf.config.set_visible_devices([], "GPU")
    classes = tuple(sorted({os.path.dirname(name) for name in names}))
    partial = f"{out}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        os.makedirs(partial)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}. Name another folder") from error
    try:
        written = _run(folder, classes, _shards(names, partial, splits or {"": 1}, shards), partial, beam_args)
        unreadable = tuple((name, reason) for name, reason in sorted(written["unreadable"]))
        _check_budget(unreadable, len(names), allowed)
        with open(os.path.join(partial, LABELS), "w", encoding="utf-8") as file:
            file.writelines(f"{name}\n" for name in classes)
        os.rename(partial, out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return Packed(classes, written["images"], unreadable, tuple(other_files(folder, names)))


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


def _run(
    folder: str, classes: tuple[str, ...], shards: list[_Shard], out: str, beam_args: Sequence[str]
) -> dict[str, Any]:
    """Write all shards; what was written travels through a file, as a pipeline on a cluster returns nothing."""
    for shard in shards:
        os.makedirs(os.path.dirname(shard.path), exist_ok=True)
    labels = {name: label for label, name in enumerate(classes)}
    report = os.path.join(out, _REPORT)
    with beam.Pipeline(options=PipelineOptions(list(beam_args))) as pipeline:
        _ = (
            pipeline
            | "Shards" >> beam.Create(shards)
            | "Spread" >> beam.Reshuffle()
            | "Write" >> beam.Map(_write, folder, labels)
            | "All" >> beam.combiners.ToList()
            | "Report" >> beam.Map(_report, report)
        )
    with open(report, encoding="utf-8") as file:
        found: dict[str, Any] = json.load(file)
    os.remove(report)
    return found


def _write(shard: _Shard, folder: str, labels: dict[str, int]) -> tuple[str, int, list[tuple[str, str]]]:
    """The split, the images written, and the files left out with their reasons."""
    unreadable, rows = [], 0
    with tf.io.TFRecordWriter(shard.path, tf.io.TFRecordOptions("GZIP", compression_level=1)) as writer:
        for names in batches(shard.names, _TOLD_EVERY):
            for name in names:
                found = example(folder, name, labels[os.path.dirname(name)])
                if isinstance(found, str):
                    unreadable.append((name, found))
                else:
                    writer.write(found)
                    rows += 1
            progress.report(packed=len(names))
    return shard.split, rows, unreadable


def _report(written: list[tuple[str, int, list[tuple[str, str]]]], path: str) -> None:
    images: dict[str, int] = {}
    for split, rows, _ in written:
        images[split] = images.get(split, 0) + rows
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"images": images, "unreadable": [each for _, _, found in written for each in found]}, file)


def _check_budget(unreadable: Sequence[tuple[str, str]], files: int, allowed: float) -> None:
    if len(unreadable) <= (allowed * files if allowed < 1 else allowed):
        return
    first = "".join(f"\n  {name}: {reason}" for name, reason in unreadable[:_SHOWN])
    more = f"\n  … and {len(unreadable) - _SHOWN} more" if len(unreadable) > _SHOWN else ""
    raise InputError(
        f"{len(unreadable)} of {files} files are no usable images; --bad-files allows {allowed:g}:{first}{more}"
    )
