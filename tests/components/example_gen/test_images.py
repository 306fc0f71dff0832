"""Images in TFRecords: checked, measured, and in quarantine where they are bad."""

from __future__ import annotations

import base64
import pathlib

import pytest
import tensorflow as tf
from PIL import Image
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.errors import ConfigError, InputError
from components.example_gen import images
from components.example_gen.settings import Settings
from components.images.properties import MAX_PIXELS, Properties, measure_all
from tests.components.example_gen import ingestion
from tests.components.images.pictures import encoded, photo, png_claiming

COLUMN = "image/encoded"
JPEG = encoded(photo(24, 16, seed=1), "JPEG")


def example(encoded: bytes, **more: object) -> bytes:
    """A record as the field writes it; keyword a__b is the feature a/b."""
    features = {COLUMN: encoded, "image/format": b"png", "image/class/label": 3}
    features |= {name.replace("__", "/"): value for name, value in more.items()}
    return tf.train.Example(
        features=tf.train.Features(feature={name: _feature(value) for name, value in features.items()})
    ).SerializeToString()


def _feature(value: object) -> tf.train.Feature:
    if isinstance(value, int):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
    values = value if isinstance(value, list) else [value]
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))


def _ingest(folder: pathlib.Path, records: list[bytes], beam: bool = False, **changes: object) -> ingestion.Ingested:
    with tf.io.TFRecordWriter(str(folder / "in.tfrecord")) as writer:
        for record in records:
            writer.write(record)
    how = ingestion.through_beam if beam else ingestion.step_by_step
    return how(folder, f"{folder}/in.tfrecord", "tfrecord", **{"images": [COLUMN], **changes})


def test_properties_are_features_beside_what_was_there(tmp_path: pathlib.Path) -> None:
    [row] = ingestion.all_rows(_ingest(tmp_path, [example(JPEG)]))

    [found] = measure_all([JPEG])
    assert isinstance(found, Properties)
    assert row == {
        COLUMN: [JPEG],
        "image/format": [b"png"],  # what the record says; images are told by their content
        "image/class/label": [3],
        "image/height": [24],
        "image/width": [16],
        "image/channels": [3],
        "image/aspect": [pytest.approx(2 / 3)],
        "image/bytes": [len(JPEG)],
        "image/brightness": [pytest.approx(found.brightness)],
        "image/contrast": [pytest.approx(found.contrast)],
        "image/sharpness": [pytest.approx(found.sharpness)],
    }


def test_what_is_measured_wins_over_what_a_record_claims_for_every_parser() -> None:
    record = example(JPEG, image__height=999, image__brightness=b"dark")
    [measured] = images.properties([tf.train.Example.FromString(record)], [COLUMN], MAX_PIXELS)
    assert isinstance(measured, dict)
    [whole] = images.appended([record], [measured])

    features = tf.train.Example.FromString(whole).features.feature
    assert (features["image/height"].int64_list.value, features["image/format"].bytes_list.value) == ([24], [b"png"])
    spec = {
        "image/height": tf.io.FixedLenFeature([], tf.int64),
        "image/brightness": tf.io.FixedLenFeature([], tf.float32),
        COLUMN: tf.io.FixedLenFeature([], tf.string),
    }
    for parsed in (tf.io.parse_single_example(whole, spec), tf.io.parse_example([whole], spec)):
        assert tf.reshape(parsed["image/height"], [-1]).numpy().tolist() == [24]
        assert tf.reshape(parsed[COLUMN], [-1]).numpy().tolist() == [JPEG]
    batch = ExamplesToRecordBatchDecoder().DecodeBatch([whole]).to_pydict()
    assert (batch["image/height"], batch[COLUMN], batch["image/format"]) == ([[24]], [[JPEG]], [[b"png"]])
    assert batch["image/brightness"] == [[pytest.approx(measured[COLUMN].brightness)]]


def test_the_split_is_that_of_the_record_as_it_arrived(tmp_path: pathlib.Path) -> None:
    records = [example(encoded(photo(4, 4, seed))) for seed in range(60)]
    for name in ("with", "without"):
        (tmp_path / name).mkdir()
    found = _ingest(tmp_path / "with", records)
    plain = _ingest(tmp_path / "without", records, images=[])
    for name in ("train", "eval", "test"):
        pictures = [sorted(row[COLUMN][0] for row in ingestion.rows_of(each.splits[name])) for each in (found, plain)]
        assert len(pictures[0]) > 5
        assert pictures[0] == pictures[1]


BAD = {
    "zero": (b"", "there are zero bytes"),
    "cut": (JPEG[:-100], "a complete JPEG image"),
    "text": (b"not an image", "its first bytes are b'not an image'"),
    "bomb": (png_claiming(50_000, 50_000), "pixels, but the header claims more"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_image_is_named_with_file_place_and_reason(tmp_path: pathlib.Path, name: str) -> None:
    data, told = BAD[name]
    records = [example(JPEG), example(data, image__filename=b"cats/7.jpg")]
    where = rf"in\.tfrecord, byte {len(records[0]) + 16}: 'image/encoded' \(cats/7\.jpg\): .*{told}"
    with pytest.raises(InputError, match=rf"1 of 2 rows cannot be used, and data\.bad_rows allows 0:\n.*{where}"):
        _ingest(tmp_path, records, beam=name == "cut")


NO_IMAGE = {
    "no column": (
        tf.train.Example(features=tf.train.Features(feature={"a": _feature(1)})).SerializeToString(),
        "has only a",
    ),
    "two": (example(b"", **{COLUMN: [JPEG, JPEG]}), "expected one image, but there are 2 byte strings"),
    "a number": (example(b"", **{COLUMN: 7}), "expected one image, but there are 0 byte strings"),
    "junk": (b"junk", "expected a tf.Example"),
}


@pytest.mark.parametrize("name", NO_IMAGE)
def test_a_record_without_one_image_is_a_bad_row(tmp_path: pathlib.Path, name: str) -> None:
    record, told = NO_IMAGE[name]
    with pytest.raises(InputError, match=told):
        _ingest(tmp_path, [example(JPEG), record])


def test_bad_images_within_the_budget_go_to_quarantine(tmp_path: pathlib.Path) -> None:
    records = [example(JPEG), b"junk", *(example(data) for data, _ in BAD.values()), example(JPEG, n=1)]
    found = _ingest(tmp_path, records, beam=True, bad_rows=0.8)

    assert (found.report["rows"], found.report["bad_rows"]) == (2, 5)
    assert [row[COLUMN] for row in ingestion.all_rows(found)] == [[JPEG], [JPEG]]
    assert len(found.bad) == 5
    raw = {base64.b64decode(row["raw_base64"]) if "raw_base64" in row else row["raw"].encode() for row in found.bad}
    assert raw == set(records[1:-1])


def test_images_of_all_kinds_and_sizes_are_good(tmp_path: pathlib.Path) -> None:
    picture = photo(9, 9, seed=3)
    kinds = [encoded(picture.convert(mode)) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")]
    kinds += [encoded(picture.convert("CMYK"), "JPEG"), encoded(Image.new("I;16", (1, 1), 40_000))]
    kinds.append(encoded(Image.new("L", (8000, 8000)), "PNG"))

    rows = ingestion.all_rows(_ingest(tmp_path, [example(each) for each in kinds]))

    assert sorted(row["image/channels"][0] for row in rows) == [1, 1, 1, 1, 2, 3, 3, 3, 4]
    assert sorted(row["image/width"][0] for row in rows) == [1, *[9] * 7, 8000]


def test_settings_refuse_what_cannot_be() -> None:
    with pytest.raises(ConfigError, match=r"must be 'tfrecord' for images \(a\)\. Received: 'csv'"):
        Settings.of("csv", ingestion.settings(images=["a"]))
    with pytest.raises(ConfigError, match="image columns 'image/a' and 'image/b' would both get .*image/height"):
        Settings.of("tfrecord", ingestion.settings(images=["image/a", "image/b"]))
