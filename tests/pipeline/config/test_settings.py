from __future__ import annotations

import pytest

import pipeline.config as c
from components.errors import ConfigError


def config(project: str, **changes) -> c.Config:
    fields = {
        "name": "shop",
        "data": c.Data(path="*.csv"),
        "heads": (c.Head(label="sold", loss="code.py:loss"),),
        "features": (c.Vocabulary(column="colour", file="colours.txt"),),
        "project": project,
        **changes,
    }
    return c.Config(**fields)


def test_paths_and_references_become_absolute(tmp_path):
    (tmp_path / "colours.txt").write_text("red\n")
    made = config(str(tmp_path), trainer=c.Trainer(callbacks=("code.py:Stop", "package.Stop")))
    trainer, transform = c.TrainerSettings.of(made), c.TransformSettings.of(made)
    assert trainer.heads[0].loss == f"{tmp_path}/code.py:loss"
    assert trainer.trainer.callbacks == (f"{tmp_path}/code.py:Stop", "package.Stop")
    assert transform.features[0].file == f"{tmp_path}/colours.txt"


def test_transform_depends_on_nothing_of_the_model_but_on_what_a_vocabulary_file_says(tmp_path):
    (tmp_path / "colours.txt").write_text("red\n")
    one = c.TransformSettings.of(config(str(tmp_path)))
    assert c.TransformSettings.of(config(str(tmp_path), model=c.Model(hidden_units=(3,)))) == one
    (tmp_path / "colours.txt").write_text("red\nblue\n")
    assert c.TransformSettings.of(config(str(tmp_path))) != one


def test_a_missing_vocabulary_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="vocabulary file .*colours.txt does not exist"):
        c.TransformSettings.of(config(str(tmp_path)))


def test_a_feature_may_not_take_a_label_s_name():
    with pytest.raises(ConfigError, match="may not be called 'label_sold'"):
        c.TransformSettings(features=(c.Numeric(column="label_sold"),), labels=(c.Head(label="sold").label_spec,))


def test_settings_survive_json(tmp_path):
    (tmp_path / "colours.txt").write_text("red\n")
    made = c.TrainerSettings.of(config(str(tmp_path)))
    assert c.TrainerSettings.model_validate_json(made.model_dump_json()) == made
