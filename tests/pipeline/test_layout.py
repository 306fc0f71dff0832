"""The layout of a root, held against those who know parts of it by other ways, and against the README."""

import pathlib
import re

from tfx.dsl.components.base.base_executor import BaseExecutor

import pipeline.config as c
from components import trainer
from pipeline.layout import Layout

LAYOUT = Layout("/there")


def test_the_config_pushes_to_the_roots_serving_folder():
    config = c.Config(
        name="taxi",
        data=c.Data(path="rows.csv"),
        heads=(c.Head(label="y"),),
        features=(c.Numeric(column="x"),),
        root=LAYOUT.root,
    )
    assert config.serving_path == LAYOUT.serving("taxi")


def test_the_trainer_keeps_its_checkpoints_where_pruning_looks_for_them():
    working_dir = f"{LAYOUT.artifacts}/Trainer/.system/stateful_working_dir/some-uuid"
    context = BaseExecutor.Context(stateful_working_dir=working_dir, pipeline_run_id="run-7")
    assert trainer.checkpoint_dir(context) == f"{LAYOUT.checkpoints('run-7')}/Trainer"


def test_the_readme_shows_all_of_it():
    readme = (pathlib.Path(__file__).parents[2] / "README.md").read_text()
    tree = re.search(r"^    runs/\n((?:      .*\n)+)", readme, re.MULTILINE)[1]
    shown = {line.split()[0].partition("/")[0] for line in tree.splitlines()}
    files = [LAYOUT.store, LAYOUT.lock, LAYOUT.told]
    paths = [*files, LAYOUT.artifacts, LAYOUT.beam, LAYOUT.runs, LAYOUT.serving("x"), LAYOUT.checkpoints("x")]
    assert shown == {pathlib.Path(path).relative_to(LAYOUT.root).parts[0] for path in paths}
    assert "runs/RUN_ID/run.json" in tree
    assert LAYOUT.record("RUN_ID").endswith("/runs/RUN_ID/run.json")
    assert LAYOUT.logs("RUN_ID").endswith("/runs/RUN_ID/logs")
