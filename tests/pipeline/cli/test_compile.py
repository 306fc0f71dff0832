"""`millrace compile`: the file, the table of placements, and what it refuses."""

from __future__ import annotations

import pathlib

import pytest

from components.errors import ExitCode
from pipeline.cli.main import main
from tests.pipeline.cli.shell import here
from tests.pipeline.kubeflow import backend_rules

CLUSTER = """
import pipeline.config as c


def get_cluster():
    return c.Kubeflow(
        image="example.com/millrace:1",
        pools=(
            c.NodePool(name="cpu", labels={"pool": "cpu"}, cpu=4, memory="16Gi"),
            c.NodePool(
                name="gpu",
                labels={"pool": "gpu"},
                expressions=(c.Expression(key="zone", values=("a",)),),
                taints=(c.Taint(key="nvidia.com/gpu", value="present"),),
                gpus=1,
                spot=True,
            ),
        ),
    )
"""


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cluster.py").write_text(CLUSTER)
    return tmp_path


def test_it_writes_a_file_called_as_the_pipeline(folder: pathlib.Path) -> None:
    answer = here("compile", "taxi", "--set", "kubeflow.image=mine:2", "--set", 'kubeflow.runtime=["data.span"]')
    assert (answer.code, answer.err) == (ExitCode.OK, "")
    assert answer.out.splitlines() == [
        "compiling taxi: its graph needs TFX, whose import takes a while",
        "taxi.yaml: 19 steps; parameters: pipeline_root, run_id, data_span",
    ]
    assert [path.name for path in folder.iterdir() if path.name != "cluster.py"] == ["taxi.yaml"]
    text = (folder / "taxi.yaml").read_text()
    assert backend_rules.problems(text) == []
    assert "image: mine:2\n" in text


def test_who_has_a_project_is_told_that_the_default_image_has_none(folder: pathlib.Path) -> None:
    (folder / "mine.py").write_text("from pipeline.configs.taxi import get_config  # noqa: F401\n")
    note = f"has the project {folder} only where `millrace image build --project` made it so"
    assert note in here("compile", "mine.py").out
    assert note not in here("compile", "mine.py", "--set", "kubeflow.image=mine:2").out


def test_what_a_pod_does_not_find_of_a_flink_cluster_is_told(folder: pathlib.Path) -> None:
    here_only = "{'master': 'localhost:8081', 'jar': '/cache/server.jar'}"
    said = here("compile", "taxi", "--set", "beam.runner=flink", "--set", f"beam.flink={here_only}").out
    assert "beam.flink.master is localhost:8081: in a pod that is the pod itself" in said
    assert "beam.flink.jar is /cache/server.jar: it must be in the image or on a volume" in said
    there = "{'master': 'millrace-flink:8081', 'job_server': 'millrace-flink:8099'}"
    assert "beam.flink" not in here("compile", "taxi", "--set", "beam.runner=flink", "--set", f"beam.flink={there}").out


def test_the_table_says_where_each_step_goes_and_why(folder: pathlib.Path) -> None:
    answer = here("compile", "taxi", "--cluster", "cluster.py", "--out", "x.yml", "--explain")
    assert answer.code == ExitCode.OK, answer.err
    rows = {line.split()[0]: " ".join(line.split()) for line in answer.out.splitlines()}
    assert rows["step"] == "step needs pool image tolerations retries why"
    assert rows["start"] == "start nothing in particular cpu example.com/millrace:1 2 the first that can hold it"
    assert rows["Trainer"] == (
        "Trainer 1 GPU gpu example.com/millrace:1 nvidia.com/gpu=present:NoSchedule 10 "
        "the first that can hold it (cpu has no GPU)"
    )
    assert "pool gpu is told by expressions (node affinity), which backends before 2.14 ignore" in answer.out
    assert (folder / "x.yml").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "taxi.json"], "--out taxi.json: KFP takes files that are called .yaml or .yml"),
        (["--out", "nowhere/taxi.yaml"], "--out nowhere/taxi.yaml: there is no folder"),
        (["--out", "/proc/taxi.yaml"], "--out /proc/taxi.yaml: cannot write there: No such file or directory"),
        (["--cluster", ""], "--cluster is empty"),
        (["--cluster", "nothere.py"], "nothere.py: no such config file"),
        (["--set", "kubeflow.root=runs"], "kubeflow.root must lie in one of kubeflow.volumes"),
        (["--set", 'kubeflow.runtime=["trainer.epohcs"]'], "Trainer has no field 'epohcs'. Did you mean epochs?"),
    ],
)
def test_what_cannot_be_compiled_is_refused_before_the_graph_is_made(
    folder: pathlib.Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compile", "taxi", *arguments]) == ExitCode.INPUT
    assert message in capsys.readouterr().err
    assert not list(folder.glob("*.y*ml"))


def test_a_step_that_no_pool_holds_is_named_with_every_pool(
    folder: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    needs = 'resources={"Trainer": {"gpus": 2}}'
    assert main(["compile", "taxi", "--cluster", "cluster.py", "--set", needs]) == ExitCode.INPUT
    assert capsys.readouterr().err == (
        "millrace: Trainer needs 2 GPUs, and no pool of kubeflow.pools can hold it:\n  cpu: has no GPU\n"
        "  gpu: has 1 GPU a node\n"
    )
    assert not (folder / "taxi.yaml").exists()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def get_cluster(:\n    pass\n", "cluster.py:1: invalid syntax"),
        ("x = 1\n", "defines no 'get_cluster'. It defines: x"),
        ("def get_cluster():\n    return 3\n", "get_cluster() must return a pipeline.config.Kubeflow. Received: 3"),
        (
            "import pipeline.config as c\n\n\ndef get_cluster():\n    return c.Kubeflow(imagge='x')\n",
            "cluster.py:5: Kubeflow.imagge: unknown field. Did you mean image or gpu_image?",
        ),
    ],
)
def test_what_is_wrong_in_a_clusters_file_is_said_with_its_line(
    folder: pathlib.Path, source: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "cluster.py").write_text(source)
    assert main(["compile", "taxi", "--cluster", "cluster.py"]) == ExitCode.INPUT
    assert message in capsys.readouterr().err
