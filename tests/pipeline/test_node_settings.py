from __future__ import annotations

import pytest

import pipeline.config as c
from components.errors import ConfigError
from pipeline.config.settings import TrainerSettings, TransformSettings
from pipeline.node_settings import trainer_settings, transform_settings


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
