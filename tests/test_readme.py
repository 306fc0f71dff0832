"""The README says what is there: commands, flags, exit codes and fields are held against the code."""

import inspect
import pathlib
import re

import click

import pipeline.config as c
from components.drift.catalogue import COMPARATORS, MEASURES
from components.errors import ExitCode
from pipeline.cli.drift.watch import watch
from pipeline.cli.main import COMMANDS, millrace
from pipeline.config.load import load
from pipeline.graph import create_pipeline

README = (pathlib.Path(__file__).parents[1] / "README.md").read_text()


def _section(title):
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)[1]


def test_the_first_command_stands_before_line_25():
    lines = README.splitlines()
    assert lines.index("make run") < 24


def test_every_command_is_there_with_every_flag():
    rows = re.findall(r"^\| `millrace ([a-z]+)(?: ([a-z]+))?([^`]*)` \| (.*) \|$", _section("Commands"), re.MULTILINE)
    assert list(dict.fromkeys(name for name, *_ in rows)) == list(COMMANDS)
    seen = set()
    for name, word, usage, text in rows:
        command = millrace.get_command(click.Context(millrace), name)
        if isinstance(command, click.Group):
            # `millrace drift` is a group that is a comparison without a word.
            command = watch if "--watch" in usage else command.commands[word or "compare"]
        seen.add(command)
        flags = {max(o.opts, key=len) for o in command.params if isinstance(o, click.Option)}
        assert set(re.findall(r"--[a-z-]+", usage + text)) | _shared(name) == flags, (name, word)
    groups = [each for name in COMMANDS if isinstance(each := millrace.get_command(None, name), click.Group)]
    assert {command for group in groups for command in group.commands.values()} <= seen


def _shared(name):
    """Flags that the text explains once for all."""
    return {"--root"} if name in ("show", "rollback", "prune", "predict", "schema") else set()


def test_exit_codes():
    codes = re.findall(r"^\| (\d+) \| ", _section("Commands"), re.MULTILINE)
    assert [int(code) for code in codes] == list(ExitCode)


def test_every_feature_record_is_there_with_its_fields():
    rows = dict(re.findall(r"^\| `(\w+)\(([^|]*)\)`", _section("Preprocessing"), re.MULTILINE))
    records = {
        r for r in vars(c).values() if inspect.isclass(r) and issubclass(r, c.Record) and "kind" in r.model_fields
    }
    features = {r.__name__ for r in records if {"column", "columns"} & set(r.model_fields)} - {
        "GroupSplits",
        "TimeSplits",
    }
    assert set(rows) == features
    for name, fields in rows.items():
        assert set(re.findall(r"(?<![\w=])([a-z_]+)(?==|,|$|\))", fields)) <= set(getattr(c, name).model_fields) | {
            "a",
            "b",
        }


def test_every_training_field_is_there():
    assert set(re.findall(r"`(\w+)`", _section("Training").partition("Losses, metrics")[0])) == set(
        c.Trainer.model_fields
    )


def test_every_field_of_drift_is_there_with_its_default():
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)` \| ", _section("Statistics and drift"), re.MULTILINE)
    assert {name: eval(default) for name, default in rows} == {
        name: field.default for name, field in c.Drift.model_fields.items()
    }


def test_every_measure_of_drift_is_there_and_the_nodes_that_compare():
    text = _section("Statistics and drift")
    for name in (*(each.title for each in MEASURES.values()), *COMPARATORS.values()):
        short = {"population stability index": "PSI", "chi-square (Cramér's V)": "Cramér's V"}.get(name, name)
        assert short in text, name
    drift = c.Drift(serving=c.Serving(path="x.csv"))
    nodes = create_pipeline(load("taxi").model_copy(update={"drift": drift})).components
    for name in (each.id for each in nodes):
        if re.search("Drift|Serving|Earlier", name):
            assert f"`{name}`" in text, name


def test_fields_named_with_their_record_exist():
    records = {
        "data": c.Data, "schema": c.Schema, "model": c.Model, "trainer": c.Trainer, "evaluator": c.Evaluator,
        "heads": c.Head, "tuner": c.Tuner, "duplicates": c.Duplicates,
    }  # fmt: skip
    named = re.findall(rf"[`\s(]({'|'.join(records)})\.(?!txt|png|csv|json|fit\b)([a-z_]+)[=.`]", README)
    assert {"evaluator", "heads"} <= {record for record, _ in named}
    for record, field in named:
        assert field in records[record].model_fields, f"{record}.{field}"


def test_fields_given_to_a_record_exist():
    given = [(name, field) for name, call in re.findall(r"\bc\.(\w+)\(([^()]*)", README) for field in _keywords(call)]
    assert ("Threshold", "max_loss") in given
    for name, field in given:
        fields = getattr(c, name).model_fields
        assert field in fields or field in {each.alias for each in fields.values()}, f"c.{name}({field}=…)"


def _keywords(call):
    return re.findall(r"(?:^|[\s,])([a-z_]+)=", call)
