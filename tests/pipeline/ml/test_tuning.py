"""Searches on real transformed examples, each through KerasTuner's own loop."""

from __future__ import annotations

import csv
import os
from typing import Any

import pytest
from tfx.components.trainer.fn_args_utils import FnArgs

import pipeline.config as c
from components import progress
from components.errors import ConfigError, GateError
from components.trials import Trials, load
from pipeline.config.settings import TrainerSettings
from pipeline.config.tuner_settings import TunerSettings
from pipeline.ml import training, tuning
from pipeline.ml.trial import Trainings
from tests.pipeline.ml.transformed import Transformed

EXPLODING = "tests.pipeline.ml.user_code.exploding_loss"
RATES = {"trainer.learning_rate": c.Choice(0.001, 0.01, 0.1)}


def settings(taxi: Transformed, **trainer: Any) -> TrainerSettings:
    """A small model with one head."""
    head = taxi.settings.heads[0].model_copy(update={"metrics": ("binary_accuracy",)})
    return TrainerSettings(
        heads=(head,),
        features=(c.ZScore(column="fare"),),
        model=c.Model(hidden_units=(4,)),
        trainer=c.Trainer(**{"epochs": 1, "batch_size": 100, "tensorboard": False, **trainer}),
    )


def arguments(taxi: Transformed, folder: str, training: TrainerSettings, **tuner: Any) -> FnArgs:
    """Those of a search."""
    args = taxi.fn_args(folder)
    args.working_dir = os.path.join(folder, "checkpoints")
    found = TunerSettings(training=training, tuner=c.Tuner(**tuner))
    args.custom_config = {"settings": found.model_dump_json(), "results": os.path.join(folder, "results")}
    return args


def searched(args: FnArgs) -> Trials:
    tuner, fit = tuning.tuner_fn(args)
    tuner.search(**fit)
    return load(args.custom_config["results"])


def test_a_trial_trains_what_the_trainer_would(taxi, tmp_path, monkeypatch):
    training_settings = settings(
        taxi, epochs=2, early_stopping=c.EarlyStopping(monitor="val_binary_accuracy", patience=5)
    )
    seen: list[dict] = []
    progress.set_sink(lambda fields: seen.append(dict(fields)))
    args = arguments(taxi, str(tmp_path), training_settings, space=RATES, algorithm="grid")
    trials = searched(args)
    progress.set_sink(None)
    assert [each.values["trainer.learning_rate"] for each in trials.trials] == [0.001, 0.01, 0.1]
    assert seen[-1]["trial"] == seen[-1]["trials"] == 3
    assert not os.path.exists(os.path.join(args.working_dir, "training"))

    monkeypatch.setattr(training.serving, "export", lambda *_: None)
    assert trials.best is not None
    best = trials.trials[trials.best]
    args = taxi.fn_args(str(tmp_path), training_settings)
    args.hyperparameters = {"values": best.values}
    training.run_fn(args)
    with open(tmp_path / "model_run" / "history.csv") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    assert rows[0]["learning_rate"] == pytest.approx(best.values["trainer.learning_rate"])
    # Early stopping leaves the weights of the first of the best epochs.
    kept = max(rows, key=lambda row: row["val_binary_accuracy"])
    assert kept["val_loss"] == pytest.approx(best.score, abs=1e-6)


def test_what_cannot_be_trained_fails_its_trial_and_not_the_search(taxi, tmp_path):
    small = c.Model(hidden_units=(4,)).model_dump(mode="json")
    space = {
        "model": c.Choice(small, {**small, "activation": "sotfplus"}, {**small, "kind": "wide_deep"}),
        "heads.0.loss": c.Choice("binary_crossentropy", EXPLODING),
    }
    args = arguments(
        taxi, str(tmp_path), settings(taxi), space=space, algorithm="grid", objective="val_binary_accuracy"
    )
    trials = searched(args).trials
    assert [each.score is None for each in trials] == [False, True, True, True, True, True]
    assert "the loss is" in trials[1].error
    assert "sotfplus" in trials[2].error
    assert 'model.kind="wide_deep" needs' in trials[4].error


def test_values_that_do_not_go_together_fail_their_trial(taxi, tmp_path):
    space = {
        "trainer.schedule.kind": c.Choice("cosine", "constant"),
        "trainer.reduce_learning_rate": c.Choice(None, {}),
    }
    trials = searched(arguments(taxi, str(tmp_path), settings(taxi), space=space, algorithm="grid", trials=2)).trials
    assert [each.score is None for each in trials] == [False, True]
    assert "reduce_learning_rate cannot change the rate of a schedule" in trials[1].error


def test_a_search_of_failures_is_an_error(taxi, tmp_path):
    space = {"heads.0.loss": c.Choice(EXPLODING, "binary_crosentropy")}
    args = arguments(taxi, str(tmp_path), settings(taxi), space=space, objective="val_binary_accuracy")
    with pytest.raises(GateError, match="none of 2 trials could be trained. The first, with heads.0.loss=.*: "):
        searched(args)


def test_an_objective_that_there_is_not_is_named_with_those_that_there_are(taxi, tmp_path):
    args = arguments(taxi, str(tmp_path), settings(taxi), space=RATES, objective="val_acuracy")
    with pytest.raises(Exception, match="val_acuracy") as raised:
        searched(args)
    error = raised.value.__cause__
    assert isinstance(error, ConfigError)
    assert str(error).startswith("tuner.objective 'val_acuracy' is no column of the training history: ")
    assert "val_binary_accuracy" in str(error)


@pytest.mark.parametrize("algorithm", ["random", "grid", "bayesian", "hyperband"])
def test_an_interrupted_search_goes_on_as_if_nothing_had_happened(taxi, tmp_path, monkeypatch, algorithm):
    """Without the trainings, which go on from their own checkpoints."""
    step = {"step": 0.01} if algorithm == "grid" else {}
    space = {"trainer.learning_rate": c.Range(0.01, 0.1, **step), "trainer.batch_size": c.Choice(8, 16)}
    trained: list[float] = []

    def score(self: Trainings, tried: TrainerSettings, objective: str) -> float:
        if len(trained) == 5 and "parts" in tried.trainer.callbacks:
            trained.append(0)
            raise KeyboardInterrupt
        trained.append(tried.trainer.learning_rate)
        return (tried.trainer.learning_rate - 0.03) ** 2 + tried.trainer.batch_size

    def search(folder: str) -> list[tuple]:
        of = settings(taxi, epochs=9, callbacks=(folder,))
        args = arguments(taxi, str(tmp_path / folder), of, space=space, algorithm=algorithm, trials=12)
        return [(each.values, each.epochs, each.score) for each in searched(args).trials]

    monkeypatch.setattr(Trainings, "score", score)
    monkeypatch.setattr(Trainings, "data", lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        search("parts")
    parts = search("parts")
    assert len(trained) == len(parts) + 1 == 13, "the finished trials were trained again"
    assert parts == search("whole")


def test_other_settings_find_none_of_the_finished_trials(taxi, tmp_path, monkeypatch):
    trained: list[str] = []
    monkeypatch.setattr(Trainings, "score", lambda self, tried, objective: trained.append(objective) or 0.5)
    monkeypatch.setattr(Trainings, "data", lambda *_: None)
    monkeypatch.setattr(tuning.trial_files, "write", lambda *_: None)
    for objective in ("val_loss", "val_binary_accuracy", "val_loss"):
        searched_for = arguments(taxi, str(tmp_path), settings(taxi), space=RATES, objective=objective)
        tuner, fit = tuning.tuner_fn(searched_for)
        tuner.search(**fit)
    assert trained == ["val_loss"] * 3 + ["val_binary_accuracy"] * 3
