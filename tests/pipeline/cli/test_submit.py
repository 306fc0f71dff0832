"""From a config to a run: what `millrace submit` compiles is what KFP gets."""

from __future__ import annotations

import pathlib
import shlex

import yaml

from components.errors import ExitCode
from tests.pipeline.cli.shell import millrace
from tests.pipeline.submission.kfp_server import Backend, serve

CLUSTER = """
import pipeline.config as c


def get_cluster():
    return c.Kubeflow(image="millrace:7", runtime=("trainer.epochs",))
"""


def test_a_config_is_compiled_for_its_cluster_and_run(tmp_path: pathlib.Path) -> None:
    (tmp_path / "cluster.py").write_text(CLUSTER)
    backend = Backend()
    with serve(backend) as host:
        cluster = ["--cluster", tmp_path / "cluster.py", "--set", "trainer.epochs=4"]
        waiting = ["--wait", "--every", "0.1", "--timeout", "0"]
        answer = millrace("submit", "taxi", "--host", host, *cluster, "--param", "trainer_epochs=5", *waiting)
    assert (answer.code, backend.violations) == (ExitCode.INTERRUPTED, []), answer
    (file,), (run,) = backend.files.values(), backend.runs.values()
    spec, platform = yaml.safe_load_all(file)
    assert spec["root"]["inputDefinitions"]["parameters"]["trainer_epochs"]["defaultValue"] == 4
    assert {each["container"]["image"] for each in spec["deploymentSpec"]["executors"].values()} == {"millrace:7"}
    assert platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert run["runtime_config"]["parameters"] == {"trainer_epochs": 5}
    words = shlex.join(["taxi", *map(str, cluster), "--host", host, "--resume", run["run_id"], "--wait"])
    assert f"to go on with it: millrace submit {words}\n" in answer.out
    assert f"run {run['run_id']}: {host}/#/runs/details/{run['run_id']}\n" in answer.out
