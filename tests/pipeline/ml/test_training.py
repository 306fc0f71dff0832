from __future__ import annotations

import csv
import os

import keras
import numpy as np
import pytest
import tensorflow as tf
from tfx.components.trainer.fn_args_utils import FnArgs

import pipeline.config as c
from components import progress
from components.errors import ConfigError, GateError
from pipeline.config.settings import TrainerSettings
from pipeline.ml import prepared, training
from tests.pipeline.ml import user_code
from tests.pipeline.ml.transformed import Transformed

CODE = "tests.pipeline.ml.user_code."


SMALL = c.Model(hidden_units=(8,))
FEATURES = (
    c.ZScore(column="fare"),
    c.Vocabulary(column="payment_type", encoding=c.Embedding(size=2)),
    c.Identity(column="trip_start_hour", size=24),
)


def changed(taxi: Transformed, model: c.Model = SMALL, **trainer) -> TrainerSettings:
    """The taxi settings with one head, few features and cheap metrics: tracing is what takes time here."""
    fields = {"epochs": 2, "tensorboard": False, **trainer}
    head = taxi.settings.heads[0].model_copy(update={"metrics": ("binary_accuracy",)})
    update = {"heads": (head,), "features": FEATURES, "model": model, "trainer": c.Trainer(**fields)}
    return taxi.settings.model_copy(update=update)


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the export, which other tests look at."""
    monkeypatch.setattr(training.serving, "export", lambda *_: None)


def weights(folder: str) -> dict[str, np.ndarray]:
    arrays = dict(np.load(os.path.join(folder, "model", "assets.extra", "weights.npz")))
    return {name: array for name, array in arrays.items() if name != "json"}


def history(folder: str) -> list[dict[str, float]]:
    with open(os.path.join(folder, "model_run", "history.csv")) as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def assert_same_training(one: str, two: str) -> None:
    first, second = weights(one), weights(two)
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_allclose(first[name], second[name], atol=1e-6, err_msg=name)
    for row, other in zip(history(one), history(two), strict=True):
        assert row == pytest.approx(other, abs=1e-6)


def test_two_heads_train_and_leave_everything_behind(taxi, tmp_path):
    seen: list[dict] = []
    progress.set_sink(lambda fields: seen.append(dict(fields)))
    settings = taxi.settings.model_copy(
        update={
            "trainer": c.Trainer(
                epochs=3,
                learning_rate=0.01,
                schedule=c.Schedule(kind="cosine"),
                precision="mixed_bfloat16",
                train_step="pipeline.ml.train_steps.sharpness_aware",
            )
        }
    )
    training.run_fn(taxi.fn_args(str(tmp_path), settings))
    progress.set_sink(None)
    rows = history(str(tmp_path))
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert rows[-1]["learning_rate"] == pytest.approx(0, abs=1e-9)
    assert {"val_big_tipper_auc", "val_tip_rmse", "learning_rate"} <= set(rows[0])
    left = set(os.listdir(tmp_path / "model_run"))
    assert {"history.csv", "curves.png", "model.txt", "train", "validation"} <= left
    assert left & {
        "model.png",
        "model.png.txt",
    }
    assert (tmp_path / "model_run/curves.png").read_bytes().startswith(b"\x89PNG")
    assert "hidden_0" in (tmp_path / "model_run/model.txt").read_text()
    signatures = tf.saved_model.load(str(tmp_path / "model")).signatures
    assert set(signatures) >= {"serving_default", "evaluate"}
    assert "BFLOAT16" not in str(signatures["evaluate"].graph.as_graph_def())
    assert not os.path.exists(tmp_path / "checkpoints")
    assert seen[-1] == {"epoch": 3, "epochs": 3, "step": 7, "steps": 7, "loss": pytest.approx(rows[-1]["loss"])}


@pytest.mark.usefixtures("fast")
def test_a_model_of_one_s_own_learns_and_starts_the_next(taxi, tmp_path):
    model = c.Model(kind="custom", builder=CODE + "Subclassed")
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    training.run_fn(taxi.fn_args(one, changed(taxi, model=model, optimizer=CODE + "quick_sgd", cache=False)))
    settings = changed(taxi, model=model, epochs=1, learning_rate=1e-9, warm_start=True)
    training.run_fn(taxi.fn_args(two, settings, base_model=os.path.join(one, "model")))
    for name, array in weights(one).items():
        np.testing.assert_allclose(array, weights(two)[name], atol=1e-5, err_msg=name)
    rows = history(one)
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert rows[-1]["learning_rate"] == 0.5


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize(
    ("kill_at", "fields"),
    [
        (
            9,
            {
                "cache": True,
                "early_stopping": c.EarlyStopping(patience=0, monitor="val_binary_accuracy", min_delta=0.5),
            },
        ),
        (15, {"cache": True, "checkpoint_steps": 7}),
        (11, {"cache": False, "checkpoint_steps": 2, "reduce_learning_rate": c.ReduceLearningRate(patience=1)}),
    ],
)
def test_a_killed_training_goes_on_as_if_nothing_had_happened(taxi, tmp_path, monkeypatch, kill_at, fields):
    model = c.Model(hidden_units=(8,), dropout=0.3)
    monkeypatch.setattr(user_code.KillAt.__init__, "__defaults__", (kill_at,))
    settings = changed(taxi, model=model, epochs=3, callbacks=(CODE + "KillAt",), **fields)
    monkeypatch.setattr(user_code.KillAt, "spared", True)
    training.run_fn(taxi.fn_args(str(tmp_path / "whole"), settings))
    monkeypatch.setattr(user_code.KillAt, "spared", False)
    with pytest.raises(user_code.Killed):
        training.run_fn(taxi.fn_args(str(tmp_path / "killed"), settings))
    assert len(os.listdir(tmp_path / "killed/checkpoints")) == 1
    monkeypatch.setattr(user_code.KillAt, "spared", True)
    steps: list[int] = []
    progress.set_sink(lambda row: steps.append(int(row["step"])))
    training.run_fn(taxi.fn_args(str(tmp_path / "killed"), settings))
    progress.set_sink(None)
    assert_same_training(str(tmp_path / "whole"), str(tmp_path / "killed"))
    # Early stopping ends the first case after two epochs. The third goes on after step 10, the third of its epoch.
    assert len(history(str(tmp_path / "whole"))) == (2 if "early_stopping" in fields else 3)
    assert steps[0] == (4 if kill_at == 11 else 1)


def key(model: keras.Model, args: FnArgs) -> str:
    return prepared.checkpoint_key(model, TrainerSettings.model_validate_json(args.custom_config["settings"]), args)


def test_a_checkpoint_belongs_to_settings_sources_data_and_structure(taxi, tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    other_model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    one, again, other_code, other_data = (taxi.fn_args(folder) for folder in "abaa")
    other_code.custom_config["execution"] = "another digest"
    other_data.train_files = taxi.fn_args("a").eval_files
    keys = [key(model, args) for args in (one, other_code, other_data)]
    assert key(model, again) == keys[0]
    others = {key(other_model, one), prepared.checkpoint_key(model, changed(taxi), one)}
    assert len({*keys, *others}) == 5


@pytest.mark.usefixtures("fast")
def test_an_infinite_loss_names_epoch_and_step(taxi, tmp_path):
    settings = changed(taxi)
    head = settings.heads[0].model_copy(update={"loss": CODE + "exploding_loss"})
    with pytest.raises(GateError, match="the loss is (nan|inf) at epoch 1, step 1; training stopped"):
        training.run_fn(taxi.fn_args(str(tmp_path), settings.model_copy(update={"heads": (head,)})))
    assert not os.path.exists(tmp_path / "model")
    assert not os.path.exists(tmp_path / "checkpoints")


@pytest.mark.usefixtures("fast")
def test_a_monitor_that_does_not_exist_is_named(taxi, tmp_path):
    settings = changed(taxi, early_stopping=c.EarlyStopping(monitor="val_acuracy"))
    with pytest.raises(
        ConfigError, match="monitor 'val_acuracy' is no column of the training history: .*val_binary_accuracy"
    ):
        training.run_fn(taxi.fn_args(str(tmp_path), settings))


@pytest.mark.usefixtures("fast")
def test_the_best_values_of_a_search_take_the_place_of_the_settings(taxi, tmp_path):
    args = taxi.fn_args(str(tmp_path), changed(taxi, epochs=2))
    args.hyperparameters = {"space": [], "values": {"model.hidden_units": "[5, 3]", "trainer.epochs": 1, "tuner/x": 9}}
    training.run_fn(args)
    shapes = {name.removeprefix("weights/"): array.shape for name, array in weights(str(tmp_path)).items()}
    assert shapes["hidden_0/bias"] == (5,)
    assert shapes["hidden_1/kernel"] == (5, 3)
    assert len(history(str(tmp_path))) == 1


def test_an_own_run_fn_takes_the_place_of_ours(taxi, tmp_path):
    training.run_fn(taxi.fn_args(str(tmp_path), changed(taxi, run_fn=CODE + "custom_run_fn")))
    assert (tmp_path / "model/mine.txt").read_text() == "mine"


def test_an_own_preprocessing_fn_takes_the_place_of_the_records(tmp_path):
    from tests.pipeline.ml.transformed import TAXI_TYPES, example, schema_of, taxi_rows

    settings = TrainerSettings(
        heads=(c.Head(name="big_tipper", label_function="pipeline.configs.taxi.big_tipper"),),
        trainer=c.Trainer(epochs=1, tensorboard=False),
        preprocessing_fn=CODE + "stock_preprocessing_fn",
    )
    rows = taxi_rows(60)
    transformed = Transformed(str(tmp_path), {"train": rows, "eval": rows}, schema_of(TAXI_TYPES), settings)
    training.run_fn(transformed.fn_args(str(tmp_path)))
    signatures = tf.saved_model.load(str(tmp_path / "model")).signatures
    assert set(signatures["raw"].structured_input_signature[1]) == {"fare", "trip_start_hour"}
    features = signatures["transform_features"](examples=tf.constant([example(rows[0])]))
    assert set(features) == {"fare_log", "hour"}
