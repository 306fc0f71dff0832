"""From a config to the YAML that KFP takes. Without TFX until the graph is needed."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Any

import yaml

import pipeline
from pipeline.config import embedded
from pipeline.config.config import Config
from pipeline.kubeflow.checks import check
from pipeline.kubeflow.parameters import Parameter, parameters
from pipeline.kubeflow.platform import platform_spec
from pipeline.kubeflow.specification import definitions, pipeline_spec
from pipeline.kubeflow.steps import Node, Step, steps

_PLAIN = re.compile(r"[A-Za-z/]")


@dataclasses.dataclass(frozen=True)
class Compiled:
    """A compiled pipeline.

    Attributes:
        text: two YAML documents.
    """

    name: str
    text: str
    steps: tuple[Step, ...]
    parameters: tuple[Parameter, ...]


def defined(config: Config) -> dict[str, dict[str, Any]]:
    """The parameters that `config`'s compiled pipeline will have, as its file defines them. Without TFX.

    Raises:
        InputError: something could not run there.
    """
    check(config)
    return definitions(parameters(config))


def compile_config(config: Config) -> Compiled:
    """Compile `config`'s pipeline for `config.kubeflow`. It takes as long as importing TFX.

    Raises:
        InputError: something could not run there.
    """
    defined(config)  # what can be refused is refused before the time that the import takes is spent
    from pipeline.kubeflow.nodes import nodes

    return compile_nodes(config, nodes(config))


def compile_nodes(config: Config, nodes: Sequence[Node]) -> Compiled:
    """The same of nodes that are known: the same bytes for the same config and nodes."""
    check(config)
    asked = parameters(config)
    placed = steps(config, nodes)
    word = embedded.embed(config, {node.id: node.upstream for node in nodes})
    documents = [
        pipeline_spec(config.name, placed, asked, word, config.kubeflow.store),
        platform_spec(placed, config.kubeflow),
    ]
    title = f"# The pipeline {config.name}, compiled by Millrace {pipeline.__version__}\n"
    return Compiled(config.name, title + _yaml(documents), placed, asked)


class _Dumper(yaml.SafeDumper):
    """YAML that every parser reads alike."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Quoted unless it begins like a word: to YAML 1.2 (Go), but not to PyYAML, a plain 1e3 is a number."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _PLAIN.match(text) else "'")


_Dumper.add_representer(str, _represent_text)


def _yaml(documents: list[dict[str, Any]]) -> str:
    """The documents, keys sorted, no line folded."""
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=True, allow_unicode=True, width=10**9)
