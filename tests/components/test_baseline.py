"""Which model a candidate is held against."""

import pathlib

import pytest
from tensorflow.core.protobuf import saved_model_pb2
from tfx.types.standard_artifacts import Model, ModelBlessing

from components.baseline import LatestOtherBlessedModel


def model(folder: pathlib.Path, number: int, *widths: int) -> Model:
    """A Model with a prediction of each width in `evaluate`; without any its files are gone."""
    artifact = Model()
    artifact.id, artifact.uri = number, str(folder / str(number))
    saved = saved_model_pb2.SavedModel()
    outputs = saved.meta_graphs.add().signature_def["evaluate"].outputs
    for head, width in enumerate(widths):
        outputs[f"head_{head}"].tensor_shape.dim.add(size=-1)
        outputs[f"head_{head}"].tensor_shape.dim.add(size=width)
    if widths:
        (folder / str(number) / "Format-Serving").mkdir(parents=True)
        (folder / str(number) / "Format-Serving/saved_model.pb").write_bytes(saved.SerializeToString())
    return artifact


def blessing(of: int, blessed: int = 1) -> ModelBlessing:
    artifact = ModelBlessing()
    artifact.set_int_custom_property("blessed", blessed)
    artifact.set_int_custom_property("current_model_id", of)
    return artifact


def resolved(models: list[Model], blessings: list[ModelBlessing]) -> list[int]:
    """The ids of the models found for the first of `models`, each with its blessing."""
    found = LatestOtherBlessedModel().resolve_artifacts(
        None, {"model": models, "model_blessing": blessings, "candidate": models[:1]}
    )
    assert found is not None
    assert found["candidate"] == models[:1]
    numbers = [each.id for each in found["model"]]
    assert [each.get_int_custom_property("current_model_id") for each in found["model_blessing"]] == numbers
    return numbers


@pytest.mark.parametrize(
    ("blessings", "expected"),
    [
        ({1: 1, 2: 1, 3: 1}, [2]),
        ({1: 1, 2: 0}, [1]),
        ({3: 1}, []),
        ({}, []),
    ],
    ids=["never the candidate itself", "never a rejected one", "none beside the candidate", "first run"],
)
def test_the_newest_blessed_model_but_the_candidate(
    tmp_path: pathlib.Path, blessings: dict[int, int], expected: list[int]
) -> None:
    models = [model(tmp_path, number, 1) for number in (3, 2, 1)]
    assert resolved(models, [blessing(of, said) for of, said in blessings.items()]) == expected


@pytest.mark.parametrize(
    "widths", [(1,), (1, 4), (3, 1), ()], ids=["a head less", "more classes", "other heads", "deleted"]
)
def test_a_model_with_other_answers_is_passed_over(tmp_path: pathlib.Path, widths: tuple[int, ...]) -> None:
    models = [model(tmp_path, 3, 1, 3), model(tmp_path, 2, *widths), model(tmp_path, 1, 1, 3)]
    assert resolved(models, [blessing(1), blessing(2)]) == [1]
    assert resolved(models[:2], [blessing(2)]) == []
