"""Which model a candidate is held against."""

import pytest
from tfx.types.standard_artifacts import Model, ModelBlessing

from components.baseline import LatestOtherBlessedModel


def model(number: int) -> Model:
    artifact = Model()
    artifact.id = number
    return artifact


def blessing(of: int, blessed: int = 1) -> ModelBlessing:
    artifact = ModelBlessing()
    artifact.set_int_custom_property("blessed", blessed)
    artifact.set_int_custom_property("current_model_id", of)
    return artifact


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
def test_the_newest_blessed_model_but_the_candidate(blessings: dict[int, int], expected: list[int]) -> None:
    candidate = model(3)
    found = LatestOtherBlessedModel().resolve_artifacts(
        None,
        {
            "model": [candidate, model(2), model(1)],
            "model_blessing": [blessing(of, said) for of, said in blessings.items()],
            "candidate": [candidate],
        },
    )
    assert found is not None
    assert [each.id for each in found["model"]] == expected
    assert [each.get_int_custom_property("current_model_id") for each in found["model_blessing"]] == expected
    assert found["candidate"] == [candidate]
