"""Slices in TFMA's terms; tests/components/test_evaluator.py and test_eval_config.py run them."""

from __future__ import annotations

from pipeline.config.evaluator import Evaluator, Ranges, Threshold
from pipeline.evaluation.slicing import slicing_specs

X = Ranges(column="x", boundaries=(0, 1))


def test_all_examples_come_first_and_a_threshold_s_slice_is_added_once() -> None:
    threshold = Threshold(metric="auc", lower=0.5, slice={"kind": "a", "hour": 3})
    specs = slicing_specs(Evaluator(slices=(("kind",),), thresholds=(threshold, threshold)))
    assert [list(spec.feature_keys) for spec in specs] == [[], ["kind"], []]
    assert dict(specs[2].feature_values) == {"kind": "a", "hour": "3"}


def test_a_threshold_on_a_slice_that_is_there_adds_none() -> None:
    threshold = Threshold(metric="auc", lower=0.5, slice={"kind": "a"})
    assert len(slicing_specs(Evaluator(slices=(("kind",),), thresholds=(threshold,)))) == 2


def test_ranges_are_sql_and_a_threshold_on_one_needs_all_of_them() -> None:
    threshold = Threshold(metric="auc", lower=0.5, slice={"x": "0 to 1", "kind": "a"})
    _, alone, both = slicing_specs(Evaluator(slices=((X,),), thresholds=(threshold,)))
    assert 'WHEN value_0 < 0.0 THEN "below 0" WHEN value_0 < 1.0 THEN "0 to 1" ELSE "1 or more"' in alone.slice_keys_sql
    assert "UNNEST(example.`kind`) AS value_0, UNNEST(example.`x`) AS value_1" in both.slice_keys_sql
