"""Values as Go writes them."""

from __future__ import annotations

import pytest

from pipeline.rehearsal.values import as_json, is_a, text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a b", "a b"),
        (5, "5"),
        (5.0, "5"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (1e21, "1000000000000000000000"),
        (-2.50, "-2.5"),
        (True, "true"),
        (False, "false"),
        ([1.0, "a", None, {"b": True}], '[1,"a",null,{"b":true}]'),
        ({"b": "<&>", "a": [0.5]}, '{"a":[0.5],"b":"\\u003c\\u0026\\u003e"}'),
        ([], "[]"),
    ],
)
def test_a_value_in_a_command(value: object, written: str) -> None:
    assert text(value) == written


def test_the_executor_input_is_json_as_it_is() -> None:
    assert as_json({"uri": "a<b", "n": 3.0, "umlaut": "ä"}) == '{"n":3,"umlaut":"ä","uri":"a<b"}'


@pytest.mark.parametrize(
    ("value", "kind", "fits"),
    [
        ("5", "NUMBER_INTEGER", False),
        (5, "NUMBER_INTEGER", True),
        (5.0, "NUMBER_INTEGER", True),
        (5.5, "NUMBER_INTEGER", False),
        (5.5, "NUMBER_DOUBLE", True),
        (True, "NUMBER_DOUBLE", False),
        (True, "BOOLEAN", True),
        (5, "STRING", False),
        ([], "LIST", True),
        ({}, "LIST", False),
        ({}, "STRUCT", True),
    ],
)
def test_types(value: object, kind: str, fits: bool) -> None:
    assert is_a(value, kind) == fits  # type: ignore[arg-type]
