"""From names, files and flags to a Config; what is wrong with one is said with its place."""

import os
import re
import textwrap

import pytest

import pipeline.config as c
from components.errors import ConfigError
from pipeline.config.load import PROJECT, for_cluster, load, names, override

MINE = """
import pipeline.config as c


def get_config():
    return c.Config(
        name="mine",
        data=c.Data(path="rows.csv"),
        heads=(c.Head(label="y", loss="losses.py:mine"),),
        features=(c.ZScore(column="x"),),
        trainer=c.Trainer(callbacks=("sub/own.py:Watch", "package.module.name")),
    )
"""


def _file(tmp_path, source):
    path = tmp_path / "mine.py"
    path.write_text(textwrap.dedent(source))
    return str(path)


def test_names_lists_the_shipped_configs_with_their_first_line():
    assert names()["taxi"].startswith("Chicago taxi trips")


def test_a_shipped_config_starts_from_the_checkout():
    config = load("taxi")
    assert config.project == PROJECT
    assert os.path.isdir(os.path.join(config.project, "pipeline"))


def test_a_file_starts_from_its_own_folder_and_file_references_become_absolute(tmp_path):
    config = load(_file(tmp_path, MINE))
    assert config.project == str(tmp_path)
    assert config.resolve(config.data.path) == str(tmp_path / "rows.csv")
    assert config.heads[0].loss == f"{tmp_path}/losses.py:mine"
    assert config.trainer.callbacks == (f"{tmp_path}/sub/own.py:Watch", "package.module.name")


def test_a_relative_file_is_found_from_the_working_directory(tmp_path, monkeypatch):
    _file(tmp_path, MINE)
    monkeypatch.chdir(tmp_path)
    assert load("mine.py").project == str(tmp_path)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def get_config(:\n    pass\n", r"mine\.py:1: invalid syntax"),
        ("x = 1\n", r"defines no 'get_config'\. It defines: x"),
        ("def get_config():\n    return 3\n", r"mine\.py: get_config\(\) must return .*Received: 3"),
        ("def get_config():\n\n    return nowhere\n", r"mine\.py:3: NameError: name 'nowhere' is not defined"),
        ("import no_such_module\n", r"mine\.py:1: ModuleNotFoundError"),
        ("import sys\nsys.exit(3)\n", r"mine\.py:2: SystemExit: 3"),
        (
            "import pipeline.config as c\n\n\ndef get_config():\n    return c.Trainer(epohcs=3)\n",
            r"mine\.py:5: Trainer\.epohcs: unknown field\. Did you mean epochs\?",
        ),
        (
            "import pipeline.config as c\n\n\ndef get_config():\n    return c.Data(\n        path=3,\n    )\n",
            r"mine\.py:5: Data\.path: Input should be a valid string\. Received: 3",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_line(tmp_path, source, message):
    with pytest.raises(ConfigError, match=message):
        load(_file(tmp_path, source))


def test_an_unknown_name_is_answered_with_close_ones():
    with pytest.raises(ConfigError, match=r"no config is called 'taxy'\. Did you mean taxi\? Configs: .*taxi"):
        load("taxy")


def test_a_name_without_its_ending_is_recognised(tmp_path, monkeypatch):
    _file(tmp_path, MINE)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"There is a file mine\.py here"):
        load("mine")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"x = 1\n\0", r": source code string cannot contain null bytes$"),
        (b'x = "\xff"\n', r":1: .*'utf-8' codec can't decode byte 0xff"),
        (b"", r" defines no 'get_config'\. It defines: nothing$"),
        (b"import json\n\n\ndef get_config():\n    return json.loads('{')\n", r":5: JSONDecodeError: "),
    ],
    ids=["null bytes", "not UTF-8", "empty", "elsewhere"],
)
def test_a_file_that_is_no_source_is_named(tmp_path, content, message):
    (tmp_path / "mine.py").write_bytes(content)
    with pytest.raises(ConfigError, match=rf"^{tmp_path}/mine\.py.*{message}"):
        load(str(tmp_path / "mine.py"))


def test_what_is_no_python_file_is_told(tmp_path):
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "cluster.yaml").write_text("image: x\n")
    with pytest.raises(ConfigError, match=r"folder\.py: that is a folder$"):
        load(str(tmp_path / "folder.py"))
    with pytest.raises(ConfigError, match=r"cluster\.yaml: that is no \.py file$"):
        for_cluster("taxi", str(tmp_path / "cluster.yaml"), ())


def test_a_file_that_is_not_there():
    with pytest.raises(ConfigError, match=r"nowhere/mine\.py: no such config file"):
        load("nowhere/mine.py")


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("trainer.epochs=9", lambda config: config.trainer.epochs == 9),
        ("trainer.learning_rate=1e-2", lambda config: config.trainer.learning_rate == 0.01),
        ("data.path=/there/it is.csv", lambda config: config.data.path == "/there/it is.csv"),
        ("evaluator.thresholds=[]", lambda config: config.evaluator.thresholds == ()),
        ("heads.0.weight=2", lambda config: config.heads[0].weight == 2),
        ("heads.0.class_weights={'1': 3}", lambda config: config.heads[0].class_weights == {"1": 3.0}),
        ("cache=False", lambda config: not config.cache),
        ("cache=false", lambda config: not config.cache),
        ("data.span=null", lambda config: config.data.span is None),
        ("schema.on_anomalies=warn", lambda config: config.schema_.on_anomalies == "warn"),
        ("trainer.early_stopping.patience=7", lambda config: config.trainer.early_stopping.patience == 7),
        (
            'data.splits={"kind": "time", "column": "t", "eval_from": 5}',
            lambda config: config.data.splits.column == "t",
        ),
        ("trainer.run_fn=mine.py:run", lambda config: config.trainer.run_fn == f"{PROJECT}/mine.py:run"),
    ],
)
def test_override(flag, value):
    assert value(override(load("taxi"), [flag]))


def test_overrides_that_only_fit_together_are_applied_together():
    config = override(load("taxi"), ["model.kind=custom", "model.builder=package.build"])
    assert config.model == c.Model(kind="custom", builder="package.build", hidden_units=config.model.hidden_units)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["trainer.epohcs=5"], "--set trainer.epohcs=5: Trainer.epohcs: unknown field. Did you mean epochs?"),
        (["trainre.epochs=5"], "--set trainre.epochs=5: Config.trainre: unknown field. Did you mean trainer?"),
        (["epochs=5"], "--set epochs=5: Config.epochs: unknown field. Did you mean trainer.epochs?"),
        (["trainer.epochs=many"], "--set trainer.epochs=many: Trainer.epochs: Input should be a valid integer"),
        (["heads.4.weight=2"], "--set heads.4.weight=2: '4' is no index here: write a number below 1"),
        (["model.kind=custom"], '--set model.kind=custom: Model: kind="custom" and builder go together'),
        (["cache=no", "data.pth=x"], "--set data.pth=x: Data.pth: unknown field. Did you mean path?"),
        (["trainer.epochs"], "--set trainer.epochs: write FIELD=VALUE"),
        (
            ["data.splits.kind=tme"],
            "Data.splits: unknown kind 'tme'. Did you mean time? Valid kinds: hash, group, time",
        ),
    ],
)
def test_a_wrong_flag_is_named_as_typed(flags, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        override(load("taxi"), flags)


def test_data_in_the_place_of_a_config_is_told(tmp_path):
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ConfigError, match=r"rows.csv is no config, .* `millrace new .*rows.csv` writes"):
        load(str(tmp_path / "rows.csv"))
