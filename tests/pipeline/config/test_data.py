"""What splits a config's data has."""

from __future__ import annotations

import pytest

import pipeline.config as c
from components.errors import ConfigError
from pipeline.config.data import Splits

PRE_SPLIT = c.FileSplits(train="train-*", eval="validation-*")


@pytest.mark.parametrize(
    ("splits", "names"),
    [
        (c.HashSplits(), ("train", "eval", "test")),
        (c.HashSplits(test=0), ("train", "eval")),
        (c.TimeSplits(column="year", eval_from=2020, test_from=0), ("train", "eval", "test")),
        (c.TimeSplits(column="year", eval_from=2020), ("train", "eval")),
        (PRE_SPLIT, ("train", "eval")),
        (PRE_SPLIT.model_copy(update={"test": "test-*"}), ("train", "eval", "test")),
    ],
    ids=["hash", "hash of two", "time", "time of two", "file of two", "file"],
)
def test_the_names_of_splits(splits: Splits, names: tuple[str, ...]) -> None:
    assert c.Data(path="x", splits=splits).split_names == names


def test_the_evaluation_needs_a_split_that_there_is() -> None:
    rest = {"name": "x", "heads": (c.Head(label="y"),), "features": (c.ZScore(column="x"),)}
    data = c.Data(path="x", splits=PRE_SPLIT)
    assert c.Config(data=data, **rest).evaluator.split == "eval"
    with pytest.raises(ConfigError, match=r"evaluator\.split is 'test', but data\.splits makes \('train', 'eval'\)"):
        c.Config(data=data, evaluator=c.Evaluator(split="test"), **rest)


def test_a_split_without_a_pattern_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"FileSplits\.eval: required field is missing"):
        c.FileSplits(train="train-*")
