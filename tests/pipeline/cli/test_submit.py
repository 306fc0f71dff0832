"""From a config to a run: what `millrace submit` compiles is what KFP gets."""

from __future__ import annotations

import pathlib
import shlex

import pytest
import yaml

from components.errors import ExitCode
from pipeline.cli.main import main
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
        waiting = ["--wait", "--every", "0.1", "--timeout", "12"]
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
    assert f"run {run['run_id']}, logs in {host}/#/runs/details/{run['run_id']}\n" in answer.out


@pytest.mark.parametrize(
    ("options", "message", "calls"),
    [
        (["--param", "trainer_epocs=5"], "no parameter 'trainer_epocs'. Did you mean trainer_epochs?", 0),
        (["--param", "trainer_epochs=five"], "trainer_epochs must be a whole number. Received: 'five'", 0),
        (["--param", "trainer_epochs=-5"], "--param trainer_epochs=-5: Trainer.epochs: Input should be greater", 0),
        (["--param", "data_span=x"], "--param data_span=x: Data.span: Input should be a valid integer", 0),
        (["--param", "pipeline_root=runs"], "--param pipeline_root=runs: kubeflow.root must lie in one of", 0),
        (["--param", "run_id=a/b"], "--param run_id: write letters, digits, dots, dashes and underscores", 0),
        (["--param", "run_id=x", "--cron", "@daily"], "all runs would go on with the same one", 0),
        (["--cron", "0 6 *"], "--cron '0 6 *': write crontab's five fields", 0),
        (["--token-file", "/no/such/file"], "--token-file /no/such/file: No such file or directory", 0),
        (["--host", "localhost:8080"], "--host localhost:8080: write the whole address", 0),
        (["--set", "kubeflow.root=runs"], "kubeflow.root must lie in one of kubeflow.volumes", 0),
        (["--resume", "no-such-run"], "--resume no-such-run: ", 2),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_compiled(
    options: list[str], message: str, calls: int, capsys: pytest.CaptureFixture[str]
) -> None:
    backend = Backend()
    with serve(backend) as host:
        assert main(["submit", "taxi", "--host", host, *options]) == ExitCode.INPUT
    said = capsys.readouterr()
    assert "compiling" not in said.out
    assert message in said.err
    assert len(backend.calls) == calls
