"""TFRecords that others wrote, read by naming their columns: TFDS' and those of Model Garden's ImageNet."""

from __future__ import annotations

import pathlib
import textwrap
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.utils import io_utils

from pipeline import runs
from tests.components.images.pictures import encoded, photo
from tests.pipeline.cli.shell import millrace

CONFIG = """
    import pipeline.config as c


    def get_config():
        return c.Config(
            name="{name}",
            data=c.Data(path="{path}", format="tfrecord", splits=c.FileSplits(train="{train}", eval="{eval}")),
            heads=(c.Head({head}),),
            features=(c.Image(column="{image}", height=8, width=8),),
            duplicates=None,
            model=c.CNN(filters=(4,)),
            trainer=c.Trainer(epochs=2, batch_size=16, learning_rate=0.05, tensorboard=False),
            evaluator=c.Evaluator(confidence=False),
        )
"""
pytestmark = pytest.mark.acceptance
TFDS = {
    "name": "tfds",
    "path": "pets/1.0.0/*.tfrecord-*",
    "train": "*-train.tfrecord-*",
    "eval": "*-test.tfrecord-*",
    "image": "image",
    "head": 'label="label", task="multiclass"',
}
GARDEN = {
    "name": "imagenet",
    "path": "imagenet/*-of-*",
    "train": "train-*",
    "eval": "validation-*",
    "image": "image/encoded",
    "head": 'label="image/class/label", name="kind", task="multiclass", classes=tuple(map(str, range(1, 1001)))',
}
LABELS = (1, 500, 1000)
"""ImageNet's begin at 1: there is no class 0, and class 1000 is the last."""


def _example(row: dict[str, Any]) -> bytes:
    """Floats are the corners of boxes, which an image may have none of."""
    features = {}
    for name, value in row.items():
        values = value if isinstance(value, list) else [value]
        if "/bbox/" in name and not name.endswith("label"):
            features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=values))
        elif isinstance(value, bytes):
            features[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
        else:
            features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def _write(path: pathlib.Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for row in rows:
            writer.write(_example(row))


def _picture(number: int, bright: float, form: str) -> bytes:
    """A photo whose brightness tells its class."""
    return encoded(photo(12 + number % 5, 16, number).point(lambda value: int(value * bright)), form)


def _tfds(number: int) -> dict[str, Any]:
    """TFDS' FeaturesDict({"image": Image(), "label": ClassLabel()}): two keys, and no name."""
    return {"image": _picture(number, (0.2, 1.0)[number % 2], "PNG"), "label": number % 2}


def _garden(number: int) -> dict[str, Any]:
    """What tensorflow/models' build_imagenet_data.py writes; images without a box have empty lists."""
    which = number % len(LABELS)
    boxes = [0.1 * (number % 4)] * (number % 3)
    return {
        "image/height": 999,
        "image/width": 999,
        "image/colorspace": b"RGB",
        "image/channels": 3,
        "image/class/label": LABELS[which],
        "image/class/synset": f"n0144076{which}".encode(),
        "image/class/text": (b"tench, Tinca tinca", b"dingo", b"toilet tissue, toilet paper")[which],
        **{f"image/object/bbox/{side}": boxes for side in ("xmin", "xmax", "ymin", "ymax")},
        "image/object/bbox/label": [LABELS[which]] * len(boxes),
        "image/format": b"JPEG",
        "image/filename": f"n0144076{which}_{number}.JPEG".encode(),
        "image/encoded": _picture(number, (0.1, 0.5, 1.0)[which], "JPEG"),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("others")
    _write(folder / "pets/1.0.0/pets-train.tfrecord-00000-of-00001", [_tfds(number) for number in range(48)])
    _write(folder / "pets/1.0.0/pets-test.tfrecord-00000-of-00001", [_tfds(number) for number in range(48, 60)])
    _write(folder / "imagenet/train-00000-of-00002", [_garden(number) for number in range(30)])
    _write(folder / "imagenet/train-00001-of-00002", [_garden(number) for number in range(30, 60)])
    _write(folder / "imagenet/validation-00000-of-00001", [_garden(number) for number in range(60, 75)])
    for fields in (TFDS, GARDEN):
        (folder / f"{fields['name']}.py").write_text(textwrap.dedent(CONFIG).format(**fields))
    return folder


def _run(folder: pathlib.Path, name: str) -> runs.RunRecord:
    answer = millrace("run", folder / f"{name}.py", "--root", folder / name)
    assert answer.code == 0, answer.out + answer.err
    return runs.list_runs(str(folder / name))[-1]


def _schema(record: runs.RunRecord) -> dict[str, schema_pb2.Feature]:
    node = record.node("SchemaGen")
    assert node is not None
    [uri] = node.artifacts["schema"]
    parsed = io_utils.parse_pbtxt_file(f"{uri}/schema.pbtxt", schema_pb2.Schema())
    return {feature.name: feature for feature in parsed.feature}


def _answers(record: runs.RunRecord, rows: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    assert record.pushed is not None
    signature = tf.saved_model.load(record.pushed).signatures["serving_default"]
    return {name: value.numpy() for name, value in signature(tf.constant([_example(row) for row in rows])).items()}


def test_a_tfds_record_of_image_and_label(folder: pathlib.Path) -> None:
    record = _run(folder, "tfds")

    assert {"image", "label", "image/height", "image/brightness"} <= set(_schema(record))
    answers = _answers(record, [_tfds(48), _tfds(49)])
    assert answers["scores"].shape == (2, 2)


def test_model_gardens_imagenet_with_labels_from_1_to_1000(folder: pathlib.Path) -> None:
    record = _run(folder, "imagenet")

    schema = _schema(record)
    assert schema["image/object/bbox/xmin"].type == schema_pb2.FLOAT
    assert schema["image/class/synset"].type == schema_pb2.BYTES
    answers = _answers(record, [_garden(number) for number in (60, 61, 62)])
    assert answers["scores"].shape == (3, 1000)
    assert set(answers["classes"][0].astype(int)) == set(range(1, 1001))
    best = answers["classes"][range(3), answers["scores"].argmax(axis=1)].astype(int)
    assert set(best) <= set(LABELS)
