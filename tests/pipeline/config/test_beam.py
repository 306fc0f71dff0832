"""The section `beam`: what is refused, and what differs by node."""

from __future__ import annotations

from typing import Any

import pytest

import pipeline.config as c
from components.errors import ConfigError


@pytest.mark.parametrize(
    ("record", "fields", "message"),
    [
        (c.Flink, {"parallelism": 0}, "parallelism.*0"),
        (c.Flink, {"version": "1.20"}, "version.*'1.19'.*1.20"),
        (c.Flink, {"workers": "threads"}, "workers.*'external'.*threads"),
        (c.Flink, {"worker_address": "localhost"}, "worker_address.*localhost"),
        (c.Flink, {"workers": "docker"}, "workers='docker' needs worker_command"),
        (c.Flink, {"sha256": "0" * 64}, "sha256 without jar"),
        (c.Flink, {"jar": "x.jar", "sha256": "abc"}, "sha256.*abc"),
        (c.Beam, {"args": ("-p", "2")}, "write each option in one piece.*'-p'"),
        (c.Beam, {"args": ("--runner=FlinkRunner",)}, "a field of its own, runner"),
        (c.Beam, {"runner": "flink", "args": ("--flink_master=jobs:8081",)}, "--flink_master .*, flink.master"),
        (c.Beam, {"runner": "flink", "args": ("--job_name=mine",)}, "ended by the names that they are given"),
        (c.Beam, {"nodes": {"Evaluator": {"parallelism": 2}}}, "parallelism: unknown field"),
    ],
)
def test_what_makes_no_sense_is_refused(record: type, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        record(**fields)


def test_a_version_may_come_as_a_number() -> None:
    assert c.Flink(version=1.18).version == "1.18"


def test_a_node_may_run_otherwise() -> None:
    beam = c.Beam(runner="flink", nodes={"Evaluator": c.Runner()})
    assert beam.of("ExampleGen").on_flink
    assert not beam.of("Evaluator").on_flink


def test_beams_own_names_mean_the_same() -> None:
    assert c.Beam(runner="flink") == c.Beam(runner="FlinkRunner")
    assert c.Beam(runner="flink").beam_runner == "FlinkRunner"
    assert c.Beam().beam_runner == "DirectRunner"
