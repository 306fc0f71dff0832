"""Messages about wrong fields, of records and of the dicts that stand for them."""

import re

import pytest

import pipeline.config as c
from components.errors import ConfigError

VALID = {
    "name": "mine",
    "data": {"path": "rows.csv"},
    "heads": ({"label": "y"},),
    "features": ({"kind": "z_score", "column": "x"},),
}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"data": {"pth": "rows.csv"}}, "Data.pth: unknown field. Did you mean path? Valid fields: path, format,"),
        ({"heads": ({"lable": "y"},)}, "Head.lable: unknown field. Did you mean label?"),
        (
            {"trainer": {"early_stopping": {"patiance": 1}}},
            "EarlyStopping.patiance: unknown field. Did you mean patience?",
        ),
        (
            {"features": ({"kind": "zscore", "column": "x"},)},
            "Config.features.0: unknown kind 'zscore'. Did you mean z_score?",
        ),
        ({"features": ({"column": "x"},)}, "Config.features.0: its kind is missing. Received: {'column': 'x'}"),
        ({"features": (c.Schedule(),)}, "Config.features.0"),
        (
            {"features": ({"kind": "vocabulary", "column": "x", "file": "values.txt", "top_k": 3},)},
            "Vocabulary: top_k cuts a vocabulary from the data",
        ),
        ({"heads": ()}, "Config.heads"),
        ({"trainer": 3}, "Config.trainer: Input should be a valid dictionary or instance of Trainer. Received: 3"),
        ({"name": "My Data"}, "Config: name must be lower-case letters, digits and dashes, with a letter or a digit"),
        ({"name": "a-"}, "with a letter or a digit at both ends. Received: 'a-'"),
    ],
)
def test_the_record_that_is_wrong_is_named(changed, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        c.Config(**{**VALID, **changed})


def test_an_unknown_field_comes_before_what_is_missing_because_of_it():
    with pytest.raises(ConfigError) as caught:
        c.ZScore(colum="x")
    assert str(caught.value).splitlines() == [
        "ZScore.colum: unknown field. Did you mean column? Valid fields: column, kind, fill",
        "ZScore.column: required field is missing",
    ]
