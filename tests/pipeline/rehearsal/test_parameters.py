"""Parameters of the pipeline, and what of them a task gets."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from components.errors import InputError
from pipeline.rehearsal.parameters import given, job_constants, root_inputs, task_inputs
from pipeline.rehearsal.reading import Step, read_file
from pipeline.rehearsal.spec import Parameter
from tests.pipeline.rehearsal.documents import JOB, documents, task, write

DEFINITIONS = {
    "epochs": Parameter(parameterType="NUMBER_INTEGER", defaultValue=3.0),
    "rate": Parameter(parameterType="NUMBER_DOUBLE", defaultValue=0.1),
    "note": Parameter(parameterType="STRING", defaultValue=""),
    "deep": Parameter(parameterType="BOOLEAN", isOptional=True),
    "layers": Parameter(parameterType="LIST", defaultValue=[8]),
    "span": Parameter(parameterType="NUMBER_INTEGER"),
}


def test_values_are_read_by_the_type_of_their_parameter() -> None:
    read = given(DEFINITIONS, ["epochs=5", "note=5", "deep=true", 'layers=[1, "a"]', "rate=1e-3"])
    assert read == {"epochs": 5, "note": "5", "deep": True, "layers": [1, "a"], "rate": 0.001}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("epoch=5", "has no parameter 'epoch'. Did you mean epochs.* Parameters: deep, epochs, layers"),
        ("epochs=5.5", "--param epochs=5.5: epochs must be a whole number. Received: '5.5'"),
        ("rate=NaN", "--param rate=NaN: rate must be a number that JSON can write. Received: 'NaN'"),
        ("layers=[1e999]", "layers must be a JSON list"),
        ("deep=yes", "deep must be true or false. Received: 'yes'"),
        ("epochs", "write NAME=VALUE"),
    ],
)
def test_a_wrong_value_is_told(setting: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        given(DEFINITIONS, [setting])


def test_defaults_fill_in() -> None:
    assert root_inputs(DEFINITIONS, {"span": 2, "epochs": 9}) == {
        "epochs": 9,
        "rate": 0.1,
        "note": "",
        "deep": None,
        "layers": [8],
        "span": 2,
    }
    with pytest.raises(InputError, match="parameter span has no default"):
        root_inputs(DEFINITIONS, {})
    with pytest.raises(InputError, match="parameter span: its type is NUMBER_INTEGER. Received: '2'"):
        root_inputs(DEFINITIONS, {"span": "2"})


def step(folder: pathlib.Path, parameters: dict[str, Any], inputs: dict[str, Any]) -> Step:
    tasks = {"one": task("true", parameters=parameters, inputs=inputs)}
    return read_file(write(folder, *documents(tasks))).steps["one"]


def of_pipeline(name: str) -> dict[str, str]:
    return {"componentInputParameter": name}


def constant(value: object) -> dict[str, Any]:
    return {"runtimeValue": {"constant": value}}


def test_a_task_gets_parameters_and_constants(tmp_path: pathlib.Path) -> None:
    parameters = {
        "n": {"parameterType": "NUMBER_INTEGER"},
        "text": {"parameterType": "STRING"},
        "job": {"parameterType": "STRING"},
        "name": {"parameterType": "STRING"},
        "left": {"parameterType": "NUMBER_DOUBLE", "isOptional": True, "defaultValue": 0.5},
        "none": {"parameterType": "BOOLEAN", "isOptional": True},
    }
    inputs = {
        "n": of_pipeline("epochs"),
        "text": of_pipeline("epochs"),
        "job": constant("{{$.pipeline_job_uuid}}"),
        "name": constant("{{$.pipeline_task_name}}"),
        "none": of_pipeline("deep"),
    }
    got = task_inputs(step(tmp_path, parameters, inputs), {"epochs": 3.0, "deep": None}, job_constants("p", JOB))
    assert got == {"n": 3.0, "text": "3", "job": JOB, "name": "One", "left": 0.5}


@pytest.mark.parametrize(
    ("parameters", "inputs", "said"),
    [
        ({}, {"n": constant(1)}, "task one: no parameter is called 'n'"),
        ({"n": {"parameterType": "STRING"}}, {"n": of_pipeline("epoch")}, "input n: no parameter is called 'epoch'"),
        ({"n": {"parameterType": "STRING"}}, {"n": of_pipeline("deep")}, "input n is null, and is not optional"),
        ({"n": {"parameterType": "LIST"}}, {"n": of_pipeline("epochs")}, "its type is LIST. Received: 3.0"),
        ({"n": {"parameterType": "STRING", "defaultValue": "a"}}, {}, "input n has no value"),
        (
            {"n": {"parameterType": "STRING"}},
            {"n": constant("{{$.pipeline_task_uuid}}")},
            "not understand the constant",
        ),
        ({"n": {"parameterType": "STRING"}}, {"n": constant("a {{$.pipeline_job_uuid}}")}, "not understand the consta"),
    ],
)
def test_an_input_from_nowhere_is_told(
    tmp_path: pathlib.Path, parameters: dict[str, Any], inputs: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        task_inputs(step(tmp_path, parameters, inputs), {"epochs": 3.0, "deep": None}, job_constants("p", JOB))
