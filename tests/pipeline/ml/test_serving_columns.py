from __future__ import annotations

from pipeline.ml.serving_columns import input_names


def test_input_names_are_what_tensorflow_takes_and_differ():
    names = input_names(["a b", "a/b", "2x", "größe", "self", "fare"])
    assert names == {
        "a b": "a_b", "a/b": "a_b_2", "2x": "column_2x", "größe": "gr__e", "self": "column_self", "fare": "fare"
    }  # fmt: skip
