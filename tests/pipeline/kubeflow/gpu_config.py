"""A pipeline on a cluster with GPUs, and its nodes written out, so that it compiles without TFX.

`python -m tests.pipeline.kubeflow.gpu_config > tests/pipeline/kubeflow/golden/gpu.yaml` writes the golden file anew.
"""

from __future__ import annotations

import re

import pipeline.config as c
from pipeline.kubeflow.compiler import compile_nodes
from pipeline.kubeflow.steps import Node

NODES = (
    Node("ExampleGen", (), {"examples": "system.Dataset", "quarantine": "system.Artifact"}),
    Node("SchemaGen", (), {"schema": "system.Artifact"}),
    Node("Transform", ("ExampleGen", "SchemaGen"), {"transformed_examples": "system.Dataset"}),
    Node("Tuner", ("Transform",), {"best_hyperparameters": "system.Artifact"}),
    Node("Trainer", ("Transform", "Tuner"), {"model": "system.Model", "model_run": "system.Artifact"}),
    Node("Baseline", ("Trainer",), {}),
    Node(
        "EvaluationReport",
        ("Baseline", "Trainer"),
        {"report": "system.Artifact", "page": "system.HTML", "metrics": "system.Metrics"},
    ),
)
CPU = c.NodePool(name="cpu", labels={"pool": "cpu"}, cpu=7.5, memory="28Gi")
L4 = c.NodePool(
    name="l4-spot",
    labels={c.GKE_ACCELERATOR: "nvidia-l4"},
    expressions=(c.Expression(key="topology.kubernetes.io/zone", values=("europe-west4-a", "europe-west4-b")),),
    taints=(
        c.Taint(key="nvidia.com/gpu", value="present"),
        c.Taint(key="cloud.google.com/gke-spot", value="true", effect="NoExecute"),
    ),
    cpu=47.5,
    memory="180Gi",
    gpus=4,
    spot=True,
)
CLUSTER = c.Kubeflow(
    image="registry.example.com/millrace:0.1.0",
    gpu_image="registry.example.com/millrace:0.1.0-gpu",
    pull_policy="Always",
    pull_secrets=("registry",),
    root="/mnt/millrace/taxi",
    store="postgresql://millrace@metadata:5432/millrace",
    password=c.Key(name="metadata", key="password", env="MILLRACE_STORE_PASSWORD"),
    volumes=(c.Volume(claim="millrace", path="/mnt/millrace"),),
    secrets=(c.Key(name="hooks", key="token", env="HOOK_TOKEN"), c.Key(name="hooks", key="user", env="HOOK_USER")),
    config_maps=(c.Key(name="proxy", key="https", env="HTTPS_PROXY"),),
    secret_mounts=(c.Mount(name="bucket-key", path="/var/secrets/bucket"),),
    config_map_mounts=(c.Mount(name="certificates", path="/etc/millrace/certificates"),),
    shared_memory="8Gi",
    pools=(CPU, L4),
    runtime=("data.span", "trainer.epochs", "trainer.learning_rate", "evaluator.thresholds"),
)


def config(**fields: object) -> c.Config:
    """The config; `fields` take the place of its own."""
    return c.Config(
        **{
            "name": "taxi-gpu",
            "data": c.Data(path="data/taxi/span-{SPAN}/*.csv"),
            "heads": (c.Head(label="tips", task="regression"),),
            "features": (c.Numeric(column="fare"),),
            "evaluator": c.Evaluator(thresholds=(c.Threshold(metric="rmse", upper=2.5),)),
            "resources": {
                "Transform": c.Resources(cpu=4, memory="16Gi"),
                "Trainer": c.Resources(gpus=4, cpu=32, memory="128Gi", accelerator="nvidia-l4"),
                "Baseline": c.Resources(cpu=0.5, memory="1500Mi"),
            },
            "kubeflow": CLUSTER,
            "project": "/somewhere",
            **fields,
        }
    )


def text() -> str:
    """The YAML, with a word in the place of the embedded config, which has every default in it."""
    return re.sub(r"(?<=- )H4sI\S+", "<the config>", compile_nodes(config(), NODES).text)


if __name__ == "__main__":
    print(text(), end="")
