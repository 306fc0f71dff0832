"""Slices that do not fit the schema, as the SQL that the config makes of them."""

from __future__ import annotations

import re

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_model_analysis.proto import config_pb2

from components.errors import InputError
from components.evaluator import check_slices
from pipeline.config.evaluator import Evaluator, Ranges, SlicePart
from pipeline.evaluation.slicing import slicing_specs

SCHEMA = text_format.Parse(
    'feature { name: "x" type: FLOAT } feature { name: "n" type: INT } feature { name: "kind" type: BYTES }',
    schema_pb2.Schema(),
)


def check(*parts: SlicePart) -> None:
    check_slices(config_pb2.EvalConfig(slicing_specs=slicing_specs(Evaluator(slices=(parts,)))), SCHEMA)


def test_ranges_of_numbers_alone_and_beside_text_are_fine() -> None:
    check(Ranges(column="x", boundaries=(0.5,)))
    check("kind", Ranges(column="n", boundaries=(1, 2)))
    check("absent")


@pytest.mark.parametrize(
    ("column", "holds"), [("kind", "text"), ("absent", "no such column"), ("a`b\\", "no such column")]
)
def test_ranges_need_a_column_of_numbers(column: str, holds: str) -> None:
    told = f"evaluator.slices: c.Ranges(column={column!r}) needs a column of numbers. The schema has: {holds}"
    with pytest.raises(InputError, match=f"^{re.escape(told)}$"):
        check("kind" if column != "kind" else "n", Ranges(column=column, boundaries=(1, 2)))


def test_what_stands_beside_ranges_must_be_there() -> None:
    with pytest.raises(
        InputError, match="^evaluator.slices: 'absent' beside c.Ranges must be a column. The schema has:"
    ):
        check("absent", Ranges(column="x", boundaries=(1,)))
