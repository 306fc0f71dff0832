"""Steps go to the first pool that can hold them, and what cannot be held is said with the reason for each pool."""

from __future__ import annotations

import re

import pytest

import pipeline.config as c
from components.errors import ConfigError
from pipeline.kubeflow.placement import place
from pipeline.kubeflow.steps import Node, Step, steps
from tests.pipeline.kubeflow import gpu_config

SMALL = c.NodePool(name="small", cpu=2, memory="4Gi")
BIG = c.NodePool(name="big", cpu=16, memory="64Gi")
T4 = c.NodePool(name="t4", labels={c.GKE_ACCELERATOR: "nvidia-tesla-t4"}, gpus=1, memory="32Gi")
A100 = c.NodePool(name="a100", labels={c.GPU_PRODUCT: "NVIDIA-A100-SXM4-40GB"}, gpus=8)
ANY = c.NodePool(name="any-gpu", gpus=2)
TAINT = c.Taint(key="team", value="research")
HUGE = c.NodePool(name="huge", memory="900Gi", taints=(TAINT,))
SPOT = c.NodePool(name="spot", taints=(TAINT,), spot=True)
NODES = (*gpu_config.NODES, Node("StatisticsGen", ("ExampleGen",), {"statistics": "system.Artifact"}))
TAINTED_T4 = T4.model_copy(update={"taints": (TAINT,)})


@pytest.mark.parametrize(
    ("needs", "pools", "name"),
    [
        ({}, [SMALL, BIG], "small"),
        ({}, [BIG, SMALL], "big"),
        ({"memory": "4Gi"}, [SMALL, BIG], "small"),
        ({"memory": "4097Mi"}, [SMALL, BIG], "big"),
        ({"cpu": 2}, [SMALL, BIG], "small"),
        ({"cpu": 2.5}, [SMALL, BIG], "big"),
        ({"cpu": 0.1, "memory": "100M"}, [SMALL, BIG], "small"),
        ({"gpus": 1}, [SMALL, T4, A100], "t4"),
        ({"gpus": 2}, [SMALL, T4, A100], "a100"),
        ({"gpus": 1, "accelerator": "NVIDIA-A100-SXM4-40GB"}, [T4, ANY, A100], "a100"),
        ({"gpus": 1, "pool": "any-gpu"}, [T4, ANY], "any-gpu"),
        ({}, [T4, SMALL], "small"),
        ({"memory": "16Gi"}, [T4, SMALL], "t4"),
        ({"pool": "t4"}, [T4, SMALL], "t4"),
        ({}, [T4, ANY], "t4"),
        ({}, [HUGE, SMALL], "small"),
        ({"memory": "100Gi"}, [SMALL, HUGE], "huge"),
        ({"pool": "huge"}, [SMALL, HUGE], "huge"),
        ({}, [T4, HUGE], "huge"),
        ({}, [SPOT, SMALL], "spot"),
        ({"gpus": 1}, [TAINTED_T4, ANY], "t4"),
    ],
)
def test_the_first_that_can_hold_it(needs: dict[str, object], pools: list[c.NodePool], name: str) -> None:
    pool = place("Step", c.Resources(**needs), pools).pool
    assert pool is not None
    assert pool.name == name


def test_without_pools_kubernetes_decides() -> None:
    placement = place("Step", c.Resources(gpus=3, cpu=99, memory="9Ti"), [])
    assert (placement.pool, placement.why) == (None, "no pools are declared: Kubernetes decides")


def test_why_names_the_pools_that_were_passed() -> None:
    why = place("Trainer", c.Resources(gpus=2, memory="8Gi"), [SMALL, T4, ANY]).why
    assert why == "the first that can hold it (small has no GPU; t4 has 1 GPU a node)"
    assert place("Step", c.Resources(), [T4, BIG]).why == "the first that can hold it (t4 is kept for steps with GPUs)"
    why = place("Step", c.Resources(), [HUGE, BIG]).why
    assert why == "the first that can hold it (huge is tainted, and kept for steps that name it)"


@pytest.mark.parametrize(
    ("needs", "pools", "message"),
    [
        (
            {"gpus": 4, "accelerator": "nvidia-l4", "cpu": 8, "memory": "32Gi"},
            [SMALL, T4, A100, ANY],
            "Trainer needs 4 GPUs (nvidia-l4), 8 cores, 32Gi of memory, and no pool of kubeflow.pools can hold it:\n"
            "  small: has no GPU\n  t4: has 1 GPU a node\n  a100: has GPUs of kind NVIDIA-A100-SXM4-40GB\n"
            "  any-gpu: has 2 GPUs a node",
        ),
        ({"gpus": 1, "accelerator": "x"}, [ANY], "any-gpu: does not say of what kind its GPUs are"),
        (
            {"cpu": 3, "pool": "small"},
            [SMALL, BIG],
            "3 cores, pool small, and no pool of kubeflow.pools can hold it:\n",
        ),
        ({"cpu": 3, "pool": "small"}, [SMALL, BIG], "\n  small: has 2 cores a node\n  big: is not small"),
        ({"memory": "5Gi"}, [SMALL], "small: has 4Gi of memory a node"),
        (
            {"pool": "bigg"},
            [SMALL, BIG],
            "Trainer asks for pool 'bigg', and there is none. Did you mean big? Pools: small",
        ),
        ({}, [c.NodePool(name="tiny", memory="16Mi")], "no pool of kubeflow.pools can hold it:\n  tiny: has 16Mi of"),
        ({"pool": "gpu"}, [], "Trainer asks for pool='gpu', but kubeflow.pools declares none"),
        ({"gpus": 1, "accelerator": "nvidia-l4"}, [], "Trainer asks for accelerator='nvidia-l4', but"),
    ],
)
def test_what_no_pool_holds_is_refused(needs: dict[str, object], pools: list[c.NodePool], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        place("Trainer", c.Resources(**needs), pools)


def _steps(pools: tuple[c.NodePool, ...], drift: c.Drift | None = None, **resources: c.Resources) -> dict[str, Step]:
    cluster = c.Kubeflow(pools=pools, image="cpu", gpu_image="gpu")
    config = gpu_config.config(kubeflow=cluster, resources=resources, drift=drift)
    return {step.task: step for step in steps(config, NODES)}


def test_training_takes_a_gpu_only_where_there_are_any() -> None:
    with_gpus, without, undeclared = _steps((BIG, T4)), _steps((BIG,)), _steps(())
    assert [name for name, step in with_gpus.items() if step.placement.needs.gpus] == ["tuner", "trainer"]
    assert [with_gpus[name].image for name in ("tuner", "trainer", "transform")] == ["gpu", "gpu", "cpu"]
    for found in (without, undeclared):
        assert not any(step.placement.needs.gpus for step in found.values())
        assert {step.image for step in found.values()} == {"cpu"}


def test_training_may_go_without_a_gpu_where_there_are_some() -> None:
    found = _steps((T4, BIG), Trainer=c.Resources(gpus=0, memory="40Gi"))
    assert (found["trainer"].placement.pool, found["trainer"].image) == (BIG, "cpu")
    assert found["tuner"].placement.pool == T4


def test_who_asks_for_memory_alone_keeps_the_usual_gpu() -> None:
    asked = {"Trainer": c.Resources(memory="8Gi"), "Transform": c.Resources(memory="8Gi")}
    found = _steps((BIG, T4), **asked)
    assert found["trainer"].placement.needs == c.Resources(gpus=1, memory="8Gi")
    assert found["transform"].placement.needs == c.Resources(gpus=0, memory="8Gi")
    assert _steps((BIG,), **asked)["trainer"].placement.needs == c.Resources(gpus=0, memory="8Gi")


def test_the_first_step_needs_what_ingestion_needs_but_gpus() -> None:
    found = _steps((SMALL, BIG, T4), ExampleGen=c.Resources(gpus=1, accelerator="nvidia-tesla-t4", memory="8Gi"))
    assert (found["start"].placement.pool, found["example-gen"].placement.pool) == (BIG, T4)
    assert found["start"].placement.needs == c.Resources(gpus=0, memory="8Gi")


@pytest.mark.parametrize(
    ("ingesting", "counting", "needs"),
    [
        ({"memory": "900Mi"}, {"memory": "8Gi", "cpu": 4}, {"memory": "8Gi", "cpu": 4}),
        ({"memory": "32Gi", "cpu": 6}, {"memory": "8Gi"}, {"memory": "32Gi", "cpu": 6}),
        ({"pool": "small"}, {"pool": "big", "memory": "8Gi"}, {"memory": "8Gi"}),
        ({"pool": "big"}, {"pool": "big", "memory": "8Gi"}, {"pool": "big", "memory": "8Gi"}),
    ],
)
def test_the_first_step_needs_what_counting_does_where_earlier_spans_are_counted_there(
    ingesting: dict[str, object], counting: dict[str, object], needs: dict[str, object]
) -> None:
    resources = {"ExampleGen": c.Resources(**ingesting), "StatisticsGen": c.Resources(**counting)}
    for drift, expected in ((c.Drift(previous=True), needs), (c.Drift(previous=False), ingesting), (None, ingesting)):
        found = _steps((SMALL, BIG), drift, **resources)["start"].placement
        assert found.needs == c.Resources(gpus=0, **expected)


def test_shared_memory_is_part_of_the_pod_s() -> None:
    small = T4.model_copy(update={"memory": "1Gi"})
    with pytest.raises(ConfigError, match=re.escape("shared_memory='2Gi' counts as memory of the pod, and that of")):
        _steps((BIG, small))
    assert _steps((BIG, T4), Trainer=c.Resources(gpus=1, memory="2Gi"))["trainer"].placement.pool == T4
    with pytest.raises(ConfigError, match=re.escape("that of Trainer has 1900Mi: give it more (resources)")):
        _steps((BIG, T4), Trainer=c.Resources(gpus=1, memory="1900Mi"))


def test_spot_pools_have_retries_of_their_own() -> None:
    spot = T4.model_copy(update={"spot": True})
    found = _steps((BIG, spot))
    assert (found["trainer"].retries.count, found["transform"].retries.count) == (10, 2)


def test_steps_wait_for_their_nodes_or_for_the_start() -> None:
    found = _steps(())
    assert found["start"].upstream == ()
    assert found["example-gen"].upstream == ("start",)
    assert found["trainer"].upstream == ("transform", "tuner")


def test_needs_of_a_node_that_is_none_are_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"resources: there is no node 'Trianer'\. Did you mean Trainer or Tuner .* Nodes: Ex"
    ):
        _steps((), Trianer=c.Resources())
