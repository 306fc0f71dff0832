"""NearDuplicates and its gate, by the real executors, on images of two spans."""

from __future__ import annotations

import base64
import io
import json
import os
import pathlib
import pickle
import re
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import Channel, standard_artifacts

from components.artifacts import DuplicateImages, Verdict
from components.errors import GateError
from components.near_duplicates import component, gate, pictures
from components.near_duplicates.result import Column
from tests.components.images.pictures import encoded, photo

COLUMN = "image/encoded"


def _write(path: str, images: dict[str, bytes]) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for name, data in images.items():
            values = {COLUMN: data, "image/filename": name.encode()}
            features = {
                key: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value] if value else []))
                for key, value in values.items()
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


@pytest.fixture(scope="module")
def duplicates(tmp_path_factory: pytest.TempPathFactory) -> DuplicateImages:
    """Train has 30 images in two shards, eval 10; three of eval are changed copies, another is a copy within train."""
    folder = tmp_path_factory.mktemp("examples")
    photos = [photo(40, 40, seed) for seed in range(36)]
    train = {f"t{place}": encoded(photos[place]) for place in range(30)} | {"t29": encoded(photos[28])}
    evaluated = {f"e{place}": encoded(photos[place]) for place in range(30, 36)}
    evaluated |= {
        "jpeg of 3": encoded(photos[3], "JPEG", quality=60),
        "small 25": encoded(photos[25].resize((30, 30))),
        "": encoded(photos[7]),
        "white": encoded(Image.new("L", (8, 8), 255)),
    }
    names = list(train)
    _write(f"{folder}/1/Split-train/a-0.gz", {name: train[name] for name in names[:20]})
    _write(f"{folder}/1/Split-train/a-1.gz", {name: train[name] for name in names[20:]})
    _write(f"{folder}/1/Split-eval/a-0.gz", evaluated)
    # A second span, whose eval split shares an image with the first one's train.
    _write(f"{folder}/2/Split-train/a-0.gz", {"black": encoded(Image.new("L", (8, 8)))})
    _write(f"{folder}/2/Split-eval/a-0.gz", {"same as 11": encoded(photos[11])})
    examples = []
    for span in ("1", "2"):
        examples.append(standard_artifacts.Examples())
        examples[-1].uri, examples[-1].split_names = f"{folder}/{span}", '["train", "eval"]'
    found = DuplicateImages()
    found.uri = str(folder / "found")
    node = component.NearDuplicates(Channel(type=standard_artifacts.Examples), [COLUMN], max_distance=8, min_ssim=0.7)
    component.Executor(BaseBeamExecutor.Context()).Do(
        {"examples": examples}, {"duplicates": [found]}, dict(node.exec_properties)
    )
    return found


def _read(duplicates: DuplicateImages) -> dict[str, Any]:
    [column] = json.loads(pathlib.Path(duplicates.uri, "duplicates.json").read_text())["columns"]
    return column


def test_the_pairs_are_named_with_their_places_and_counted(duplicates: DuplicateImages) -> None:
    found = _read(duplicates)

    assert (found["column"], found["images"], found["pairs"]) == (COLUMN, {"eval": 11, "train": 31}, 4)
    assert found["splits"] == [
        {"split": "eval", "other": "train", "pairs": 4, "images": 4, "of": 11, "share": pytest.approx(4 / 11)}
    ]
    pairs = {(pair["first"]["name"], pair["second"]["name"]) for pair in found["listed"]}
    assert pairs == {("jpeg of 3", "t3"), ("small 25", "t25"), ("a-0.gz:8", "t7"), ("same as 11", "t11")}
    [small] = [pair for pair in found["listed"] if pair["first"]["name"] == "small 25"]
    assert small["second"]["path"].endswith("1/Split-train/a-1.gz")
    assert (small["second"]["record"], small["second"]["split"], small["first"]["record"]) == (5, "train", 7)
    assert [pair["ssim"] for pair in found["listed"]] == sorted((p["ssim"] for p in found["listed"]), reverse=True)
    assert found["listed"][0]["ssim"] == 1.0
    assert found["listed"][0]["distance"] == 0


def test_the_page_shows_the_pairs_and_loads_nothing(duplicates: DuplicateImages) -> None:
    text = pathlib.Path(duplicates.uri, "duplicates.html").read_text()

    assert '<th scope="row">eval in train</th>' in text
    assert "4 of 11" in text
    assert "36.36 %" in text
    sources = re.findall(r'<img src="data:image/(\w+);base64,([^"]+)" alt="([^"]*)">', text)
    # Pairs, in the order of the list; small pictures keep every pixel.
    pairs = [(pair["first"]["name"], pair["second"]["name"]) for pair in _read(duplicates)["listed"]]
    assert [name for _, _, name in sources] == [name for pair in pairs for name in pair]
    shown = {name: Image.open(io.BytesIO(base64.b64decode(data))) for _, data, name in sources}
    assert shown["small 25"].size == (30, 30)
    assert np.array_equal(shown["t11"], photo(40, 40, 11))
    assert 'src="http' not in text
    assert "img-src data:" in text


def test_a_page_without_pairs_says_so() -> None:
    column = {"column": COLUMN, "max_distance": 8, "min_ssim": 0.7, "images": {"eval": 3, "train": 9}, "pairs": 0}
    text = pictures.render([Column.model_validate({**column, "splits": [], "listed": []})], {})
    assert "There are none." in text
    assert "eval: 3 images" in text


def test_the_page_shows_no_more_pairs_than_fit(duplicates: DuplicateImages) -> None:
    column = _read(duplicates)
    many = {**column, "listed": column["listed"] * 100, "splits": [{**column["splits"][0], "pairs": 400}]}
    [(_, pairs)] = pictures.listed_pairs(Column.model_validate(many))
    assert len(pairs) == pictures.SHOWN


def _gate(duplicates: DuplicateImages, folder: pathlib.Path, max_share: float | None) -> dict[str, Any]:
    verdict = Verdict()
    verdict.uri = str(folder)
    node = gate.DuplicateGate(Channel(type=DuplicateImages), max_share)
    gate.Executor().Do({"duplicates": [duplicates]}, {"verdict": [verdict]}, dict(node.exec_properties))
    return json.loads((folder / "verdict.json").read_text())


def test_the_gate_opens_up_to_the_allowed_share(duplicates: DuplicateImages, tmp_path: pathlib.Path) -> None:
    verdict = _gate(duplicates, tmp_path, 0.37)
    assert (verdict["passed"], verdict["max_share"]) == (True, 0.37)
    [counts] = verdict["splits"]
    assert (counts["column"], counts["split"], counts["images"], counts["of"]) == (COLUMN, "eval", 4, 11)
    assert os.path.isfile(verdict["page"])


def test_without_a_limit_the_gate_only_tells(duplicates: DuplicateImages, tmp_path: pathlib.Path) -> None:
    verdict = _gate(duplicates, tmp_path, None)
    assert (verdict["passed"], len(verdict["splits"])) == (True, 1)


def test_the_gate_names_the_numbers_and_the_first_pairs(duplicates: DuplicateImages, tmp_path: pathlib.Path) -> None:
    with pytest.raises(GateError) as raised:
        _gate(duplicates, tmp_path, 0.36)

    lines = str(raised.value).splitlines()
    assert "4 of 11 images of 'eval' (36.36%) nearly equal one of 'train'" in lines[0]
    assert {line.split(" (SSIM")[0].strip() for line in lines[1:5]} >= {"eval: jpeg of 3 = train: t3"}
    assert "Allowed is a share of 36.00%" in lines[5]
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)
    assert json.loads((tmp_path / "verdict.json").read_text())["passed"] is False
