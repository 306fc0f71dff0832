"""A config travels: the same bytes wherever its project is, and the same config in another folder."""

import base64
import gzip
import json

import pytest

from components.errors import ConfigError
from pipeline.config import embedded
from pipeline.config.load import PROJECT, load, names, override

UPSTREAM = {"Trainer": {"Transform", "SchemaGen"}, "ExampleGen": set()}

MINE = """
import os

import pipeline.config as c

HERE = os.path.dirname(os.path.abspath(__file__))


def get_config():
    return c.Config(
        name="mine",
        data=c.Data(path=os.path.join(HERE, "rows.csv")),
        heads=(c.Head(label="y", loss="losses.py:mine"),),
        features=(c.ZScore(column="x", fill=float("inf")),),
        trainer=c.Trainer(callbacks=("sub/own.py:Watch", "package.module.name")),
        tuner=c.Tuner(space={"trainer.seed": c.Choice(3, 1), "model.dropout": c.Range(0.0, 0.5)}),
        schema=c.Schema(path="/elsewhere/schema.pbtxt"),
    )
"""


def _mine(folder):
    folder.mkdir()
    (folder / "mine.py").write_text(MINE)
    return load(str(folder / "mine.py"))


@pytest.mark.parametrize("name", sorted(names()))
def test_a_shipped_config_comes_back_as_it_was(name):
    config = load(name)
    assert embedded.read(embedded.embed(config, {}), PROJECT).config == config


def test_it_is_the_same_in_another_folder_and_starts_from_there(tmp_path):
    config = _mine(tmp_path / "a")
    text = embedded.embed(config, UPSTREAM)
    assert text == embedded.embed(_mine(tmp_path / "b"), UPSTREAM)
    found = embedded.read(text, "/project")
    assert found.config.project == "/project"
    assert found.config.heads[0].loss == "/project/losses.py:mine"
    assert found.config.trainer.callbacks == ("/project/sub/own.py:Watch", "package.module.name")
    assert found.config.resolve(found.config.data.path) == "/project/rows.csv"
    assert found.config.schema_.path == "/elsewhere/schema.pbtxt"
    assert list(found.config.tuner.space) == ["trainer.seed", "model.dropout"]
    assert found.upstream == {"ExampleGen": (), "Trainer": ("SchemaGen", "Transform")}
    assert found.versions == embedded.versions()
    assert str(tmp_path) not in gzip.decompress(base64.b64decode(text)).decode()


@pytest.mark.parametrize(
    ("setting", "value", "there"),
    [
        ("drift.hook", "{}/notify.sh --url http://a//b", "./notify.sh --url http://a//b"),
        ("drift.hook", "sh notify.sh", "sh notify.sh"),
        ("root", "{}", "/project"),
        ("root", "{}/runs/", "/project/runs"),
        ("root", "{}2/runs", "{}2/runs"),
    ],
)
def test_what_lies_in_the_project_lies_in_it_there(tmp_path, setting, value, there):
    mine = _mine(tmp_path / "a")
    config = override(mine, [f"{setting}={value.format(mine.project)}"])
    found = embedded.read(embedded.embed(config, {}), "/project").config
    shown = found.root_path if setting == "root" else found.drift.hook
    assert shown == there.format(mine.project)


def test_a_neighbour_of_the_project_is_outside(tmp_path):
    config = override(_mine(tmp_path / "a"), [f"heads.0.loss={tmp_path}/ab/losses.py:mine"])
    with pytest.raises(ConfigError, match=r"ab/losses\.py:mine lies outside of the project .*/a,"):
        embedded.embed(config, {})


@pytest.mark.parametrize("text", ["", "nonsense!", base64.b64encode(b"no gzip").decode(), "H4sIAAAAAAAA"])
def test_what_is_no_config_is_refused(text):
    with pytest.raises(ConfigError, match="not what `millrace compile` embeds"):
        embedded.read(text, "/project")


def test_a_field_that_another_version_had_is_told_with_both_versions():
    content = json.loads(gzip.decompress(base64.b64decode(embedded.embed(load("taxi"), {}))))
    content["config"]["flux"] = 3
    content["versions"]["millrace"] = "9.9"
    text = base64.b64encode(gzip.compress(json.dumps(content).encode())).decode()
    with pytest.raises(ConfigError, match=r"(?s)Config\.flux: unknown field.*compiled with .*millrace 9\.9, and here"):
        embedded.read(text, "/project")
