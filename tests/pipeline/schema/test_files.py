"""Schemas as files."""

from __future__ import annotations

import pathlib

import pytest
from google.protobuf.message import Message

from components.errors import CrashError, InputError
from pipeline.schema import files
from pipeline.schema.edits import NotEdited
from tests.pipeline.schema.data import schema

TEXT = 'feature { name: "x" type: INT }  # whole\n'


def test_a_change_keeps_comments_and_is_only_shown_until_it_is_made(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "x.pbtxt"
    path.write_text(TEXT)
    wanted = schema('feature { name: "x" type: FLOAT }')
    before, after = files.changed(str(path), wanted)
    assert (before, after, path.read_text()) == (TEXT, TEXT.replace("INT", "FLOAT"), TEXT)
    assert files.change(str(path), wanted) == (before, after)
    assert path.read_text() == after


def test_a_file_that_cannot_be_edited_is_named_and_left_alone(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(text: str, wanted: Message) -> str:
        raise NotEdited

    path = tmp_path / "odd.pbtxt"
    path.write_text(TEXT)
    monkeypatch.setattr(files, "edited", fail)
    with pytest.raises(CrashError, match=r"odd\.pbtxt: edited, it would say something else"):
        files.change(str(path), schema(""))
    assert path.read_text() == TEXT


def test_a_comment_that_would_go_is_bad_input(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "x.pbtxt"
    path.write_text('string_domain { value: ["a",  # first\n"b", "c"] }\n')
    with pytest.raises(InputError, match=r"x\.pbtxt: a comment stands within a list .* or change it by hand"):
        files.change(str(path), schema('string_domain { value: "a" value: "c" }'))


def test_a_file_that_is_no_schema_is_named_with_the_line(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "x.pbtxt"
    path.write_text('feature { name: "x" }\nfeatures {}\n')
    with pytest.raises(InputError, match=r"x\.pbtxt: expected a schema as a text proto, but: 2:"):
        files.load(str(path))
