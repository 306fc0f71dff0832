"""The published protos, and a parse by them that knows no unknown field."""

from __future__ import annotations

import pathlib
from typing import Any

import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.message import Message
from kfp.pipeline_spec import pipeline_spec_pb2

VERSIONS = ("2.5.0", "2.17.0")
_FOLDER = pathlib.Path(__file__).parent / "protos"


class Published:
    """The messages of one version of Kubeflow Pipelines."""

    def __init__(self, version: str) -> None:
        files = descriptor_pb2.FileDescriptorSet.FromString((_FOLDER / f"kfp-{version}.desc").read_bytes())
        self._pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            self._pool.Add(file)
        self._factory = message_factory.MessageFactory(self._pool)

    def parse(self, name: str, content: Any) -> Message:
        """`content` as the message of that name; a field that it does not have raises ParseError."""
        kind = self._factory.GetPrototype(self._pool.FindMessageTypeByName(name))
        return json_format.ParseDict(content, kind(), ignore_unknown_fields=False)


def check(text: str) -> None:
    """Parse both documents strictly, and the mere structures in them: by our kfp's proto, and by all versions'."""
    first, second = yaml.safe_load_all(text)
    executors = second["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    _parse(first, pipeline_spec_pb2.PipelineSpec())
    _parse(first["deploymentSpec"], pipeline_spec_pb2.PipelineDeploymentConfig())
    _parse(second, pipeline_spec_pb2.PlatformSpec())
    for version in VERSIONS:
        published = Published(version)
        published.parse("ml_pipelines.PipelineSpec", first)
        published.parse("ml_pipelines.PipelineDeploymentConfig", first["deploymentSpec"])
        published.parse("ml_pipelines.PlatformSpec", second)
        for executor in executors.values():
            published.parse("kfp_kubernetes.KubernetesExecutorConfig", executor)


def _parse(content: Any, message: Message) -> None:
    json_format.ParseDict(content, message, ignore_unknown_fields=False)
