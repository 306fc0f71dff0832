"""The Beam steps that the taxi pipeline does not have: each on a Flink cluster, and losing a TaskManager meanwhile."""

from __future__ import annotations

import pathlib
import re

import pytest

from tests.acceptance import alike
from tests.acceptance.flink_cluster import Brought, losing_taskmanagers
from tests.pipeline.cli import shell

pytestmark = pytest.mark.acceptance
DIGITS = ("data.window=1", "drift=null", "trainer.epochs=1", "evaluator.thresholds=[]", "extract=image_encoded_average")
SERVING = {"path": "data/taxi/csv/span-3/*.csv", "key": ["trip_start_timestamp", "trip_seconds", "fare"]}
"""Rows that are joined with those of the span itself."""
TAXI = ("data.window=1", f"drift.serving={SERVING}")


def run(config: str, root: pathlib.Path, settings: tuple[str, ...], *more: object) -> None:
    """Run a pipeline, which must succeed."""
    flags = [word for setting in settings for word in ("--set", setting)]
    answer = shell.millrace("run", config, "--root", root, *flags, *more)
    assert answer.code == 0, answer.err


def twice(root: pathlib.Path, node: str, key: str) -> list[pathlib.Path]:
    """The folders of an output that was made here, and then on Flink."""
    made = alike.artifact(root, node, key)
    assert len(set(made)) == 2
    return made


def test_what_is_found_in_images_comes_to_the_same(brought: Brought, tmp_path: pathlib.Path) -> None:
    nodes = ("NearDuplicates", "Misjudged", "Embeddings")
    run("digits", tmp_path, DIGITS)
    with losing_taskmanagers(brought) as killed:
        run("digits", tmp_path, DIGITS, *brought.of_nodes(*nodes), *(f"--force={node}" for node in nodes))
    assert set(killed) == set(nodes)
    here, there = twice(tmp_path, "Embeddings", "embeddings")
    assert sum(map(len, alike.records(here).values())) > 500
    assert alike.records(here) == alike.records(there)
    for node, key in (("NearDuplicates", "duplicates"), ("Misjudged", "misjudged")):
        here, there = twice(tmp_path, node, key)
        assert alike.files(here) == alike.files(there)


def test_what_has_drifted_from_what_is_served_comes_to_the_same(brought: Brought, tmp_path: pathlib.Path) -> None:
    nodes = ("ServingExampleGen", "Drift")
    run("taxi", tmp_path, TAXI, "--to", "Drift")
    with losing_taskmanagers(brought) as killed:
        flags = (*brought.of_nodes(*nodes), *(f"--force={node}" for node in nodes))
        run("taxi", tmp_path, TAXI, "--to", "Drift", *flags)
    assert set(killed) == set(nodes)
    here, there = twice(tmp_path, "ServingExampleGen", "examples")
    assert alike.records(here) == alike.records(there)
    here, there = (said(folder) for folder in twice(tmp_path, "Drift", "reports"))
    assert '"row_skew": {' in here
    assert here == there


def said(reports: pathlib.Path) -> str:
    """What a report says but for when it was made, and of which files."""
    [file] = reports.rglob("drift.json")
    return re.sub(r'"(made|source)": ".*"', "", file.read_text())
