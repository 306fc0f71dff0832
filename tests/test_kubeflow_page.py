"""The page that takes a platform engineer to a finished run: its commands exist, its code and names are right."""

from __future__ import annotations

import pathlib
import re
import shlex

import click
import pytest

import pipeline.config as c
from components.errors import ConfigError
from pipeline.cli.main import millrace
from pipeline.config.load import load
from pipeline.kubeflow.placement import needs_of, place

CHECKOUT = pathlib.Path(__file__).parents[1]
PAGE = (CHECKOUT / ".docs/kubeflow.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def commands(program: str) -> list[list[str]]:
    """The words behind `program`, wherever a line of a shell block begins with it."""
    lines = "".join(blocks("sh")).replace("\\\n", " ").splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith(f"{program} ")]


@pytest.mark.parametrize("words", commands("millrace"), ids=" ".join)
def test_every_command_parses(words: list[str]) -> None:
    context = click.Context(millrace)
    name, command, rest = millrace.resolve_command(context, words)
    while isinstance(command, click.Group):
        context = click.Context(command, parent=context)
        name, command, rest = command.resolve_command(context, rest)
    parsed = command.make_context(name, rest)
    if config := parsed.params.get("config"):
        assert load(config).name == config


@pytest.mark.parametrize("number", range(2))
def test_each_cluster_can_hold_the_shipped_pipelines(number: int) -> None:
    assert len(blocks("python")) == 2
    namespace: dict = {}
    exec(blocks("python")[number], namespace)
    cluster = namespace["get_cluster"]()
    assert isinstance(cluster, c.Kubeflow)
    for name in ("taxi", "digits"):
        config = load(name).model_copy(update={"kubeflow": cluster})
        assert place("trainer", needs_of(config, "Trainer"), cluster.pools).pool.gpus
        assert not place("transform", needs_of(config, "Transform"), cluster.pools).pool.gpus
    with pytest.raises(ConfigError, match="no pool of kubeflow.pools can hold it"):
        place("trainer", c.Resources(gpus=8), cluster.pools)


def test_defaults_are_those_of_the_config() -> None:
    fields = dict(re.findall(r"`(\w+)=((?:c\.|\"|\()[^`]*)`", PAGE.partition("## 1.")[0]))
    assert {"store", "password", "volumes", "root"} == set(fields)
    for name, value in fields.items():
        assert eval(value, {"c": c}) == getattr(c.Kubeflow(), name)
    assert f"image `{c.Kubeflow().image}`" in PAGE
    assert f"resumes={c.Kubeflow().resumes}" in PAGE


def test_fields_and_files_that_it_names_exist() -> None:
    for name in ("pull_secrets", "secret_mounts", "config_map_mounts", "shared_memory", "spot_retries", "pull_policy"):
        assert f"`{name}" in PAGE
    named = set(re.findall(r"`([a-z_]+)=", PAGE)) - {"resources", "drift"}
    assert named <= set(c.Kubeflow.model_fields)
    for overlay in re.findall(r"deploy/((?:overlays|base)/[\w/.-]*\w)", PAGE):
        file = CHECKOUT / "pipeline/kubeflow/manifests" / overlay
        assert (file.parent if file.suffix == ".env" else file).exists(), overlay  # the reader writes that one
    assert c.GKE_ACCELERATOR in PAGE
    assert c.GPU_PRODUCT in PAGE
    for field in re.findall(r"`trainer\.(\w+)`", PAGE):
        assert field in c.Trainer.model_fields
    assert "(.docs/kubeflow.md)" in (CHECKOUT / "README.md").read_text()
