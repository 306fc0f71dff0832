"""Folders of images, packed and read again with TensorFlow."""

from __future__ import annotations

import multiprocessing
import os
import pathlib
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from components import progress
from components.errors import InputError
from components.images import pack as packing
from components.images.pack import LABELS, in_order, pack, place

SPEC = {
    "image/encoded": tf.io.FixedLenFeature([], tf.string),
    "image/format": tf.io.FixedLenFeature([], tf.string),
    "image/filename": tf.io.FixedLenFeature([], tf.string),
    "image/class/label": tf.io.FixedLenFeature([], tf.int64),
    "image/class/text": tf.io.FixedLenFeature([], tf.string),
}
FILES = {
    "cat/a.png": ("L", {}),
    "cat/b.jpg": ("RGB", {"format": "JPEG", "quality": 90}),
    "dog/ü c.png": ("RGBA", {"format": "PNG"}),
    "dog/d.bmp": ("P", {"format": "BMP"}),
    "dog/e.gif": ("P", {"format": "GIF"}),
    "dog/f.jpg": ("RGB", {"format": "PNG"}),  # a suffix that is wrong
}


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """Two classes, images of all formats, and a file that is none of our business."""
    pixels = np.arange(12 * 10 * 3, dtype=np.uint8).reshape(12, 10, 3)
    for name, (mode, options) in FILES.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).convert(mode).save(path, **options)
    (tmp_path / "in" / "dog" / "notes.txt").write_text("woof")
    return tmp_path / "in"


def rows(*files: pathlib.Path) -> list[dict[str, np.ndarray]]:
    records = tf.data.TFRecordDataset([str(file) for file in files], "GZIP")
    return [{key: value.numpy() for key, value in tf.io.parse_single_example(each, SPEC).items()} for each in records]


def test_every_format_becomes_an_example_that_tensorflow_decodes(folder, tmp_path):
    told: list[int] = []
    progress.set_sink(lambda fields: told.append(int(fields["packed"])))
    packed = pack(str(folder), str(tmp_path / "out"), {}, 1, 0)
    progress.set_sink(None)
    assert (packed.classes, packed.images, packed.unreadable) == (("cat", "dog"), {"": 6}, ())
    assert sum(told) == 6
    assert (tmp_path / "out" / LABELS).read_text() == "cat\ndog\n"
    found = {row["image/filename"].decode(): row for row in rows(tmp_path / "out/images-00000-of-00001.tfrecord.gz")}
    assert list(found) == sorted(FILES)
    formats = {name: row["image/format"].decode() for name, row in found.items()}
    assert formats == {
        "cat/a.png": "png", "cat/b.jpg": "jpeg", "dog/d.bmp": "png", "dog/e.gif": "gif", "dog/f.jpg": "png",
        "dog/ü c.png": "png",
    }  # fmt: skip
    for name, row in found.items():
        assert row["image/class/text"].decode() == name.partition("/")[0]
        assert row["image/class/label"] == ["cat", "dog"].index(name.partition("/")[0])
        decoded = tf.io.decode_image(row["image/encoded"], 3, expand_animations=False).numpy()
        shown = np.asarray(Image.open(folder / name).convert("RGB"))
        assert np.abs(decoded.astype(int) - shown).max() <= (8 if name == "cat/b.jpg" else 0)


def test_splits_and_shards_go_by_the_name_alone(folder, tmp_path):
    many = {f"cat/{number}.png" for number in range(200)}
    shares = {"train": 3, "eval": 1}
    counts = [sum(place(name, shares, 2) == (split, shard) for name in many) for split in shares for shard in range(2)]
    assert sum(counts) == 200
    assert 110 <= counts[0] + counts[1] <= 190
    assert min(counts) > 5

    for out in ("one", "two"):
        packed = pack(str(folder), str(tmp_path / out), shares, 2, 0)
    assert sum(packed.images.values()) == 6
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.gz"))
    assert len(files) == 4
    assert all((tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes() for path in files)
    for path in files:
        for row in rows(tmp_path / "one" / path):
            split, shard = place(row["image/filename"].decode(), shares, 2)
            assert str(path) == f"{split}/images-{shard:05d}-of-00002.tfrecord.gz"


def test_unreadable_files_are_listed_within_a_budget_and_refused_beyond(folder, tmp_path):
    (folder / "cat" / "empty.png").write_bytes(b"")
    (folder / "cat" / "text.jpg").write_text("meow")
    (folder / "dog" / "half.jpg").write_bytes((folder / "cat/b.jpg").read_bytes()[:400])
    packed = pack(str(folder), str(tmp_path / "out"), {}, 1, 3)
    assert packed.images == {"": 6}
    assert [name for name, _ in packed.unreadable] == ["cat/empty.png", "cat/text.jpg", "dog/half.jpg"]
    assert "zero bytes" in packed.unreadable[0][1]
    refused = r"3 of 9 files are no usable images; --bad-files allows .*\n  cat/empty.png"
    for allowed in (2, 0.3):
        with pytest.raises(InputError, match=refused):
            pack(str(folder), str(tmp_path / "refused"), {}, 1, allowed)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


@pytest.mark.parametrize(("missing", "message"), [("gone", "no such folder"), (".", "no folder in it holds images")])
def test_a_folder_without_classes_is_told(tmp_path, missing, message):
    with pytest.raises(InputError, match=message):
        pack(str(tmp_path / missing), str(tmp_path / "out"), {}, 1, 0)


def test_a_relative_place_within_the_folder_is_refused(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with pytest.raises(InputError, match="lies in the folder that is packed"):
        pack(str(folder), "out", {}, 1, 0)


def test_nothing_is_written_over(folder, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match="is there already"):
        pack(str(folder), str(tmp_path / "out"), {}, 1, 0)


def test_results_come_in_order_and_few_wait():
    started, taken = [], []

    def double(item):
        started.append(item)
        time.sleep(0.001 * (item % 3))
        return 2 * item

    with ThreadPoolExecutor(3) as pool:
        for result in in_order(pool, double, range(30), ahead=4):
            taken.append(result)
            assert len(started) <= len(taken) + 4
    assert taken == [2 * item for item in range(30)]
    assert list(in_order(pool, double, [], ahead=4)) == []


def test_images_of_one_shard_are_made_by_several_processes(tmp_path, monkeypatch):
    for number in range(300):
        path = tmp_path / "in" / "cat" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    processes = multiprocessing.get_context("fork").SimpleQueue()

    def example(folder, name, label):
        processes.put(os.getpid())
        time.sleep(0.01)
        return b"record"

    monkeypatch.setattr(packing, "example", example)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    assert pack(str(tmp_path / "in"), str(tmp_path / "out"), {}, 1, 0).images == {"": 300}
    assert len({processes.get() for _ in range(300)}) == 2
