"""What a model is asked for beside its predictions, and what is said of one that has no answer."""

from __future__ import annotations

import pathlib
import re

import numpy as np
import pytest
import tensorflow as tf

from components.errors import InputError
from components.saved_model import Model
from tests import tiny_model

EXAMPLES = [tiny_model.example({"x": x, "y": y, "z": 0.5, "c": 2, "w": 1.0}) for x, y in ((1.0, 1), (-3.0, 0))]


def _save(folder: pathlib.Path, outputs: dict[str, tuple[str, ...]]) -> Model:
    """A model that answers each signature with zeros under these names."""
    spec = tf.TensorSpec([None], tf.string, name="rows")

    def zeros(names: tuple[str, ...]) -> tf.types.experimental.ConcreteFunction:
        answer = tf.function(lambda rows: {name: tf.zeros([tf.shape(rows)[0], 1]) for name in names})
        return answer.get_concrete_function(spec)

    signatures = {signature: zeros(names) for signature, names in outputs.items()}
    tf.saved_model.save(tf.Module(), str(folder), signatures=signatures)
    return Model(str(folder))


def test_each_head_has_its_prediction_and_label(tmp_path: pathlib.Path) -> None:
    found = Model(tiny_model.save(str(tmp_path), heads=("y", "c"))).evaluated(EXAMPLES, ["c", "y"])
    assert list(found) == ["c", "y"]
    (predicted, labels), (classes, _) = found["y"], found["c"]
    np.testing.assert_allclose(predicted, [[0.7311], [0.0474]], atol=1e-4)
    assert labels.tolist() == [1, 0]
    assert classes.shape == (2, 3)


def test_what_an_only_output_is_called_does_not_matter(tmp_path: pathlib.Path) -> None:
    outputs = {"serving_default": ("outputs",), "evaluate": ("whatever",), "transform_labels": ("label_y",)}
    predicted, labels = _save(tmp_path, outputs).evaluated(EXAMPLES, ["y"])["y"]
    assert (predicted.shape, labels.shape) == ((2, 1), (2,))


@pytest.mark.parametrize(
    ("outputs", "heads", "told"),
    [
        pytest.param(
            {"evaluate": ("why", "z"), "transform_labels": ("label_y", "label_z")},
            ["y", "z"],
            "'evaluate' .* must return 'y'. It returns: why, z",
            id="of two outputs",
        ),
        pytest.param(
            {"evaluate": ("why", "z"), "transform_labels": ("label_y",)},
            ["y"],
            "'evaluate' .* must return 'y'. It returns: why, z",
            id="one of two outputs",
        ),
        pytest.param(
            {"evaluate": ("y",), "transform_labels": ("y",)},
            ["y"],
            "'transform_labels' .* must return 'label_y'. It returns: y",
            id="label",
        ),
        pytest.param(
            {"evaluate": ("y",)},
            ["y"],
            "no signature 'transform_labels'; a run_fn of your own must export it. It has: evaluate, serving_default",
            id="no labels",
        ),
    ],
)
def test_what_a_model_of_ones_own_lacks_is_told(
    outputs: dict[str, tuple[str, ...]], heads: list[str], told: str, tmp_path: pathlib.Path
) -> None:
    model = _save(tmp_path, {"serving_default": ("outputs",), **outputs})
    with pytest.raises(InputError, match=told) as raised:
        model.evaluated(EXAMPLES, heads)
    assert re.search(re.escape(str(tmp_path)), str(raised.value))


def test_examples_without_the_labels_are_refused(tmp_path: pathlib.Path) -> None:
    model = Model(tiny_model.save(str(tmp_path)))
    with pytest.raises(InputError, match="cannot read these rows"):
        model.evaluated([tiny_model.example({"x": 1.0})], ["y"])


def test_images_are_given_to_a_model_fewer_at_once(tmp_path: pathlib.Path) -> None:
    table = Model(tiny_model.save(str(tmp_path / "table")))
    outputs = {"serving_default": ("outputs",), "raw": ("outputs",)}
    images = _save(tmp_path / "images", {**outputs, "bytes": ("outputs",)})
    unknown = _save(tmp_path / "unknown", {"serving_default": ("outputs",)})
    assert [each.batch for each in (table, images, unknown)] == [1024, 256, 256]


def test_what_cannot_be_read_is_told_with_its_column(tmp_path: pathlib.Path) -> None:
    rows = [tiny_model.example({"x": "text", "y": 1, "z": 0.5, "c": 2, "w": 1.0})]
    with pytest.raises(InputError, match="cannot read these rows: .*Key: x.* Data type: string but expected type: flo"):
        Model(tiny_model.save(str(tmp_path))).of_examples(rows)
