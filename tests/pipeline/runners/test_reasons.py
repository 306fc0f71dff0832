import json

import pytest

from pipeline.runners.reasons import Fingerprint, changes

SETTINGS = {"trainer": {"epochs": 3, "seed": 0}, "preprocessing_fn": None}
OLD = Fingerprint(
    sources={"a.py": "1", "b.py": "2"},
    settings={
        "preprocessing_fn": "pipeline.ml.preprocessing_fn",
        "custom_config": json.dumps({"settings": json.dumps(SETTINGS)}),
        "pattern": "{SPAN}/*.csv",
    },
    inputs={"examples": (1,), "schema": (2,)},
    resolved={"fingerprint": "x"},
)


def test_the_same_is_no_change_in_whatever_order():
    settings = dict(reversed(OLD.settings.items()))
    assert changes(OLD, OLD.model_copy(update={"settings": settings})) == ""


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"sources": {"a.py": "3", "c.py": "2"}}, "sources changed: a.py, b.py, c.py"),
        (
            {"settings": {**OLD.settings, "custom_config": OLD.settings["custom_config"].replace("3", "5")}},
            "settings changed: trainer.epochs",
        ),
        ({"settings": {**OLD.settings, "pattern": "{SPAN}.csv"}}, "settings changed: pattern"),
        ({"inputs": {"examples": (3,), "schema": (2,)}}, "inputs changed: examples"),
        ({"resolved": {"fingerprint": "y"}}, "data changed: fingerprint"),
        ({"sources": {}, "inputs": {}}, "sources changed: a.py, b.py; inputs changed: examples, schema"),
    ],
)
def test_changes_are_told_by_what_they_are(changed, told):
    assert changes(OLD, OLD.model_copy(update=changed)) == told
