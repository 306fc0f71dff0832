from __future__ import annotations

import pytest

import pipeline.config as c
from components.errors import ConfigError
from pipeline.config.settings import TrainerSettings, TransformSettings
from pipeline.nodes.settings import trainer_settings, transform_settings, tuner_settings


def config(project: str, **changes) -> c.Config:
    fields = {
        "name": "shop",
        "data": c.Data(path="*.csv"),
        "heads": (c.Head(label="sold"),),
        "features": (c.Vocabulary(column="colour", file="colours.txt"),),
        "project": project,
        **changes,
    }
    return c.Config(**fields)


def test_vocabulary_files_are_looked_for_in_the_project(tmp_path):
    (tmp_path / "colours.txt").write_text("red\n")
    made = transform_settings(config(str(tmp_path)))
    assert made.features[0].file == f"{tmp_path}/colours.txt"


def test_transform_depends_on_nothing_of_the_model(tmp_path):
    (tmp_path / "colours.txt").write_text("red\n")
    one = transform_settings(config(str(tmp_path)))
    assert transform_settings(config(str(tmp_path), model=c.Model(hidden_units=(3,)))) == one


def test_a_missing_vocabulary_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="vocabulary file .*colours.txt of 'colour' does not exist"):
        transform_settings(config(str(tmp_path)))


def test_a_feature_may_not_take_a_label_s_name():
    with pytest.raises(ConfigError, match="may not be called 'label_sold'"):
        TransformSettings(features=(c.Numeric(column="label_sold"),), labels=(c.Head(label="sold").label_spec,))


def test_settings_survive_json(tmp_path):
    (tmp_path / "colours.txt").write_text("red\n")
    made = trainer_settings(config(str(tmp_path)))
    assert TrainerSettings.model_validate_json(made.model_dump_json()) == made


def test_the_encoding_of_ids_is_none_of_transform_s(tmp_path):
    (tmp_path / "colours.txt").write_text("red\n")
    feature = c.Vocabulary(column="colour", file="colours.txt", encoding=c.Embedding(size=3))
    assert transform_settings(config(str(tmp_path), features=(feature,))) == transform_settings(config(str(tmp_path)))


SPACE = {
    "model.dropout": c.Range(0, 0.5),
    "model.hidden_units": c.Choice((8,), (8, 4)),
    "trainer.batch_size": c.Range(16.0, 64.0),
    "trainer.learning_rate": c.Choice(1e-3, 1e-2),
}


def searched(tmp_path, tuner=None, **changes):
    (tmp_path / "colours.txt").write_text("red\n")
    made = config(str(tmp_path), tuner=c.Tuner(space=SPACE, **tuner or {}), **changes)
    return tuner_settings(made, made.tuner)


def test_the_tuner_gets_values_as_the_fields_hold_them(tmp_path):
    space = searched(tmp_path).tuner.space
    assert [repr(end) for end in space["model.dropout"].tried] == ["0.0", "0.5"]
    assert [repr(end) for end in space["trainer.batch_size"].tried] == ["16", "64"]
    assert space["model.hidden_units"].values == ([8], [8, 4])


def test_the_tuner_depends_on_nothing_that_its_trials_do_not(tmp_path):
    one = searched(tmp_path, {"epochs": 2}, trainer=c.Trainer(epochs=5))
    other = searched(tmp_path, {"epochs": 2}, trainer=c.Trainer(epochs=9, tensorboard=False), evaluator=c.Evaluator())
    assert one == other
    assert one != searched(tmp_path, {"epochs": 2}, trainer=c.Trainer(optimizer="sgd"))
    assert one.training.trainer.epochs == 2
