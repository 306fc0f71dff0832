"""What is tried: KerasTuner's own oracles on spaces of the config."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from keras_tuner.engine.trial import TrialStatus

import pipeline.config as c
from pipeline.config.tuner import USUAL_TRIALS
from pipeline.ml import oracles

SPACE = {
    "model.depth": c.Choice(20, 32),
    "model.dropout": c.Range(0.0, 0.5, step=0.25),
    "trainer.batch_size": c.Range(8, 32, step=2, log=True),
}
ENDLESS = {"trainer.learning_rate": c.Range(1e-4, 1e-1, log=True), "trainer.batch_size": c.Range(1, 10_000)}


def tried(tmp_path, score: Callable[[dict], float] = len, epochs: int = 9, **fields: Any) -> list[dict[str, Any]]:
    """The values of every trial that the oracle wants, when trials come out as `score` says."""
    oracle = oracles.oracle(c.Tuner(**fields), epochs, ["kind"])
    oracle._set_project_dir(str(tmp_path), "search")
    oracle.verbose = 0
    found = []
    while (trial := oracle.create_trial("tuner0")).status == TrialStatus.RUNNING:
        found.append(dict(trial.hyperparameters.values))
        oracle.update_trial(trial.trial_id, {"val_loss": float(score(found[-1]))})
        trial.status = TrialStatus.COMPLETED
        oracle.end_trial(trial)
    assert len(found) <= oracle.max_trials
    return found


def test_a_grid_tries_every_point_once(tmp_path):
    found = tried(tmp_path, space=SPACE, algorithm="grid")
    points = {(each["model.depth"], each["model.dropout"], each["trainer.batch_size"]) for each in found}
    assert points == {(d, p, b) for d in (20, 32) for p in (0.0, 0.25, 0.5) for b in (8, 16, 32)}
    assert len(found) == 18


@pytest.mark.parametrize("algorithm", ["random", "bayesian"])
def test_trials_differ_stay_in_the_space_and_come_again_with_the_seed(tmp_path, algorithm):
    found = tried(tmp_path, space=ENDLESS, algorithm=algorithm, seed=3)
    assert len(found) == USUAL_TRIALS
    assert len({tuple(each.values()) for each in found}) == len(found)
    for each in found:
        assert 1e-4 <= each["trainer.learning_rate"] <= 1e-1
        assert 1 <= each["trainer.batch_size"] <= 10_000
    assert tried(tmp_path, space=ENDLESS, algorithm=algorithm, seed=3) == found
    assert tried(tmp_path, space=ENDLESS, algorithm=algorithm, seed=4) != found


def test_a_small_space_has_no_more_trials_than_points(tmp_path):
    assert len(tried(tmp_path, space={"model.depth": c.Choice(20, 32, 44)}, trials=50)) == 3


def test_bayesian_search_goes_where_the_loss_is_low(tmp_path):
    space = {"model.dropout": c.Range(0.0, 0.9)}
    found = tried(tmp_path, lambda v: (v["model.dropout"] - 0.7) ** 2, space=space, algorithm="bayesian", trials=12)
    assert len(found) == 12
    assert min(abs(each["model.dropout"] - 0.7) for each in found[3:]) < 0.05


def test_hyperband_trains_the_better_ones_for_longer(tmp_path):
    found = tried(tmp_path, lambda v: v["trainer.batch_size"], space=ENDLESS, algorithm="hyperband", epochs=9)
    first = [each for each in found if each["tuner/bracket"] == 2]
    sizes = {n: sorted(v["trainer.batch_size"] for v in first if v["tuner/epochs"] == n) for n in (1, 3, 9)}
    assert sizes[1][: len(sizes[3])] == sizes[3]
    assert sizes[3][: len(sizes[9])] == sizes[9]
    assert len(sizes[1]) > len(sizes[3]) > len(sizes[9]) > 0
    assert len(tried(tmp_path, space=ENDLESS, algorithm="hyperband", epochs=9, trials=4)) == 4
