"""A text proto edited: it says what it should, and all else stands where it stood."""

from __future__ import annotations

import difflib
import pathlib
from collections.abc import Callable

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from pipeline.schema.edits import CommentWithin, edited

TAXI = (pathlib.Path(__file__).parents[3] / "schemas/taxi.pbtxt").read_text()
Change = Callable[[schema_pb2.Schema], object]


def changes(text: str, change: Change) -> list[str]:
    """The lines that differ, as in a diff; the result must say what was asked for."""
    wanted = text_format.Parse(text, schema_pb2.Schema())
    change(wanted)
    result = edited(text, wanted)
    assert text_format.Parse(result, schema_pb2.Schema()) == wanted
    lines = difflib.unified_diff(text.splitlines(), result.splitlines(), lineterm="", n=0)
    return [line for line in lines if line[:3] not in ("---", "+++") and line[:2] != "@@"]


def drop_domain(schema: schema_pb2.Schema) -> None:
    schema.feature[1].ClearField("float_domain")
    schema.feature[1].int_domain.min = 3


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (lambda schema: None, []),
        (
            lambda schema: setattr(schema.feature[3].int_domain, "max", 90000),
            ["-  int_domain { min: 0 max: 86400 }", "+  int_domain { min: 0 max: 90000 }"],
        ),
        (
            lambda schema: schema.feature[3].int_domain.ClearField("max"),
            ["-  int_domain { min: 0 max: 86400 }", "+  int_domain { min: 0 }"],
        ),
        (
            lambda schema: setattr(schema.feature[0].presence, "min_fraction", 0.25),
            [
                "-  presence { min_fraction: 1.0 min_count: 1 }",
                "+  presence { min_fraction: 0.25 min_count: 1 }",
            ],
        ),
        (
            lambda schema: schema.string_domain[0].value.insert(1, "Chip \"n' Pin é"),
            ['+  value: "Chip \\"n\\\' Pin é"'],
        ),
        (lambda schema: schema.string_domain[0].value.insert(0, "A"), ['+  value: "A"']),
        (lambda schema: schema.string_domain[0].value.pop(3), ['-  value: "No Charge"']),
        (
            lambda schema: setattr(schema.feature[1].drift_comparator.jensen_shannon_divergence, "threshold", 0.1),
            ["+  drift_comparator { jensen_shannon_divergence { threshold: 0.1 } }"],
        ),
        (
            drop_domain,
            [
                "-  float_domain { min: 0.0 max: 1000.0 disallow_nan: true disallow_inf: true }",
                "+  int_domain { min: 3 }",
            ],
        ),
        (
            lambda schema: schema.feature.add(name="new", type="INT").presence.CopyFrom(
                schema_pb2.FeaturePresence(min_count=1)
            ),
            ["+feature {", '+  name: "new"', "+  type: INT", "+  presence { min_count: 1 }", "+}", "+"],
        ),
    ],
    ids=["none", "number", "unset", "fraction", "value", "first", "lost", "message", "replaced", "feature"],
)
def test_only_what_differs_is_touched(change: Change, lines: list[str]) -> None:
    assert changes(TAXI, change) == lines


def rename(schema: schema_pb2.Schema) -> None:
    schema.feature[0].type = schema_pb2.BYTES
    schema.feature[0].annotation.tag.append("drift:psi=0.2")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (
            'feature { name: "x" type: INT }  # why',
            'feature { name: "x" type: BYTES annotation { tag: "drift:psi=0.2" } }  # why',
        ),
        (
            "feature <\n\tname: 'x'; # a } in a comment\n\ttype: INT, # number\n>\n",
            "feature <\n\tname: 'x'; # a } in a comment\n\ttype: BYTES, # number\n"
            '\tannotation { tag: "drift:psi=0.2" }\n>\n',
        ),
        (
            'feature {\n    name: "x" "{"\n    type: INT\n    annotation: { tag: ["a", \'b]\'] }\n}\n',
            'feature {\n    name: "x" "{"\n    type: BYTES\n'
            '    annotation: { tag: ["a", \'b]\', "drift:psi=0.2"] }\n}\n',
        ),
        (
            'feature {\n  name: "x"\n  # none yet\n  annotation {\n  }\n  type: INT\n}\n',
            'feature {\n  name: "x"\n  # none yet\n  annotation {\n    tag: "drift:psi=0.2"\n  }\n  type: BYTES\n}\n',
        ),
        ("feature {}", 'feature { type: BYTES annotation { tag: "drift:psi=0.2" } }'),
    ],
    ids=["a line", "brackets", "list", "empty", "nothing"],
)
def test_all_ways_to_write_it_are_understood(text: str, result: str) -> None:
    wanted = text_format.Parse(text, schema_pb2.Schema())
    rename(wanted)
    assert edited(text, wanted) == result


def test_a_comment_outlives_what_it_stands_by() -> None:
    text = 'feature {\n  name: "x"\n  # dollars\n  int_domain { max: 3 }  # at most\n  type: INT\n}\n'
    wanted = text_format.Parse(text, schema_pb2.Schema())
    wanted.feature[0].ClearField("int_domain")
    assert edited(text, wanted) == 'feature {\n  name: "x"\n  # dollars\n  # at most\n  type: INT\n}\n'


def test_a_message_with_a_comment_in_it_is_not_taken_away() -> None:
    text = 'feature {\n  name: "x"\n  int_domain {\n    # at most\n    max: 3\n  }\n}\n'
    wanted = text_format.Parse(text, schema_pb2.Schema())
    wanted.feature[0].ClearField("int_domain")
    with pytest.raises(CommentWithin):
        edited(text, wanted)


def test_an_empty_file_is_filled() -> None:
    wanted = schema_pb2.Schema(default_environment=["A", "B"])
    wanted.feature.add(name="x")
    assert edited("", wanted).split() == [
        *("feature", "{", "name:", '"x"', "}"),
        *("default_environment:", '"A"', "default_environment:", '"B"'),
    ]


@pytest.mark.parametrize(
    ("values", "result"),
    [
        (["a", "c", "e"], '"a",  # first\n    "c",  # third\n    "e"  # last, not "f"\n  '),
        (["a", "b", "c", "e"], '"a",  # first\n    "b",\n    "c",  # third\n    "e"  # last, not "f"\n  '),
        (
            ["a", "c", "e", "f", "g"],
            '"a",  # first\n    "c",  # third\n    "e",  # last, not "f"\n    "f",\n    "g"\n  ',
        ),
        (["A", "a", "c", "e"], '"A", "a",  # first\n    "c",  # third\n    "e"  # last, not "f"\n  '),
        (["a", "x", "e"], '"a",  # first\n    "x",  # third\n    "e"  # last, not "f"\n  '),
    ],
    ids=["none", "between", "behind", "before", "another"],
)
def test_the_comments_in_a_list_stay(values: list[str], result: str) -> None:
    text = "string_domain {\n  value: [\n    %s]\n}\n"
    before = text % '"a",  # first\n    "c",  # third\n    "e"  # last, not "f"\n  '
    wanted = schema_pb2.Schema()
    wanted.string_domain.add(value=values)
    assert edited(before, wanted) == text % result


@pytest.mark.parametrize(
    ("before", "values", "after"),
    [
        ("[]", ["a", "b"], '["a", "b"]'),
        ('["a", "c"]', ["a", "b", "c", "d"], '["a", "b", "c", "d"]'),
        ('["a"  # first\n, "c"]', ["a", "b", "c"], '["a", "b"  # first\n, "c"]'),
        ('["a",\n  # third\n  "b" "c"]', ["a", "bc", "d"], '["a",\n  # third\n  "b" "c", "d"]'),
    ],
    ids=["empty", "a line", "comma", "strings"],
)
def test_a_list_grows(before: str, values: list[str], after: str) -> None:
    wanted = schema_pb2.Schema()
    wanted.string_domain.add(value=values)
    assert edited(f"string_domain {{ value: {before} }}", wanted) == f"string_domain {{ value: {after} }}"


@pytest.mark.parametrize(
    "text",
    ['string_domain { value: ["a",  # first\n"b", "c"] }', 'string_domain: [{ value: ["a", "b", "c"] },  # one\n{}]'],
    ids=["value", "message"],
)
def test_what_holds_comments_that_would_go_is_left_as_it_is(text: str) -> None:
    wanted = text_format.Parse(text, schema_pb2.Schema())
    del wanted.string_domain[0].value[1]
    with pytest.raises(CommentWithin):
        edited(text, wanted)
    bare = text.replace("# first", "").replace("# one", "")
    assert text_format.Parse(edited(bare, wanted), schema_pb2.Schema()) == wanted
