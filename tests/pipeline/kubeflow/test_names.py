"""Tasks get names that Kubernetes takes, each once."""

import pytest

from components.errors import InputError
from pipeline.kubeflow.names import task_names


@pytest.mark.parametrize(
    ("node", "task"),
    [
        ("ExampleGen", "example-gen"),
        ("PredictionDriftGate", "prediction-drift-gate"),
        ("TFXNode", "tfx-node"),
        ("Trainer.second_try", "trainer-second-try"),
        ("Resnet50Trainer", "resnet50-trainer"),
        ("x", "x"),
        ("__Own__", "own"),
    ],
)
def test_names_are_the_words_of_the_id(node: str, task: str) -> None:
    assert task_names([node]) == {node: task}


@pytest.mark.parametrize("node", ["", "…", "2ndTrainer", "T" + "rainer" * 10])
def test_what_is_no_name_is_refused(node: str) -> None:
    with pytest.raises(InputError, match="would be the task .*, which Kubernetes refuses"):
        task_names([node])


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (["ExampleGen", "Example_Gen"], "'Example_Gen' and node 'ExampleGen' would both be the task 'example-gen'"),
        (["Start"], "'Start' and the task before all nodes would both be the task 'start'"),
        (["StartDriver"], "and the driver of the task before all nodes would both be the task 'start-driver'"),
        (["Trainer", "TrainerDriver"], "'TrainerDriver' and the driver of node 'Trainer' would both"),
        (["TrainerDriver", "Trainer"], "'Trainer' and node 'TrainerDriver' would both be the task 'trainer-driver'"),
    ],
)
def test_a_name_that_is_taken_is_refused(nodes: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        task_names(nodes)
