"""Any graph on any pools: what is compiled keeps to the rules, and only what no pool can hold is refused."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import pipeline.config as c
from components.errors import ConfigError, InputError
from pipeline.config.resources import as_bytes
from pipeline.kubeflow.compiler import compile_nodes
from pipeline.kubeflow.names import task_names
from pipeline.kubeflow.steps import Node
from tests.pipeline.kubeflow import gpu_config
from tests.pipeline.kubeflow.backend_rules import problems

MEMORIES = ("512Mi", "2Gi", "1.5Gi", "64G", "32Gi", "100M")
KINDS = ("nvidia-l4", "nvidia-tesla-t4")
_LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")

amounts = st.none() | st.sampled_from((0.1, 0.5, 1.0, 4.0, 7.5, 32.0))
memories = st.none() | st.sampled_from(MEMORIES)
words = st.sampled_from(("Example", "Train", "TFX", "Gen", "Gate", "Drift", "Of", "R2"))
ids = st.lists(words, min_size=1, max_size=4).map("".join)
taints = st.builds(
    c.Taint,
    key=st.sampled_from(("nvidia.com/gpu", "dedicated", "spot")),
    value=st.sampled_from(("", "present", "true", "1e3")),
    effect=st.sampled_from(("NoSchedule", "PreferNoSchedule", "NoExecute")),
)


@st.composite
def pools(draw: Any) -> tuple[c.NodePool, ...]:
    """Up to four, each with a label that tells it from the others."""
    found = []
    for number in range(draw(st.integers(0, 4))):
        gpus = draw(st.sampled_from((0, 0, 1, 4)))
        kind = draw(st.none() | st.sampled_from(KINDS)) if gpus else None
        found.append(
            c.NodePool(
                name=f"pool-{number}",
                labels={"pool": f"{number}", **({c.GKE_ACCELERATOR: kind} if kind else {})},
                taints=tuple(draw(st.lists(taints, max_size=2))),
                cpu=draw(amounts),
                memory=draw(memories),
                gpus=gpus,
                spot=draw(st.booleans()),
            )
        )
    return tuple(found)


@st.composite
def graphs(draw: Any) -> tuple[Node, ...]:
    """Nodes in topological order whose names do not collide."""
    names = draw(st.lists(ids, min_size=1, max_size=8, unique=True))
    found: list[Node] = []
    for name in names:
        upstream = draw(st.sets(st.sampled_from([node.id for node in found]), max_size=3)) if found else set()
        found.append(Node(name, upstream, {"out": "system.Artifact"} if draw(st.booleans()) else {}))
    return tuple(found)


needs = st.builds(
    lambda gpus, kind, cpu, memory: c.Resources(gpus=gpus, accelerator=kind if gpus else None, cpu=cpu, memory=memory),
    st.sampled_from((0, 0, 1, 2, 4)),
    st.none() | st.sampled_from(KINDS),
    amounts,
    memories,
)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), nodes=graphs(), declared=pools())
def test_any_graph_on_any_pools(data: Any, nodes: tuple[Node, ...], declared: tuple[c.NodePool, ...]) -> None:
    tasks = _task_names(nodes)
    resources = {node.id: data.draw(needs) for node in nodes if data.draw(st.booleans())}
    cluster = c.Kubeflow(pools=declared, runtime=(), shared_memory="64Mi")
    config = gpu_config.config(kubeflow=cluster, resources=resources)
    asked = {tasks[node.id]: resources.get(node.id, c.Resources(gpus=0)) for node in nodes}
    asked["start"] = resources.get("ExampleGen", c.Resources()).model_copy(update={"gpus": 0, "accelerator": None})
    if not all(_holding(declared, need) if declared else not need.accelerator for need in asked.values()):
        with pytest.raises(ConfigError, match=r"no pool of kubeflow\.pools can hold it|declares none"):
            compile_nodes(config, nodes)
        return
    text = compile_nodes(config, nodes).text
    assert problems(text) == []
    first, second = yaml.load_all(text, yaml.CSafeLoader)
    executors = second["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    found = first["root"]["dag"]["tasks"]
    assert found.keys() == asked.keys()
    for node in nodes:
        name = tasks[node.id]
        assert _LABEL.fullmatch(name)
        assert set(found[name]["dependentTasks"]) == ({tasks[each] for each in node.upstream} or {"start"})
    for name, need in asked.items():
        container = first["deploymentSpec"]["executors"][f"exec-{name}"]["container"]
        assert _given(container) == (need.gpus, need.cpu, need.memory and as_bytes(need.memory))
        _check_place(executors[f"exec-{name}"], declared, need)


def _task_names(nodes: tuple[Node, ...]) -> dict[str, str]:
    """Graphs two of whose nodes would be one task are no examples; `test_names` has them."""
    try:
        return task_names(node.id for node in nodes)
    except InputError:
        reject()


def _given(container: dict[str, Any]) -> tuple[int, float | None, int | None]:
    resources = container.get("resources", {})
    memory = resources.get("memoryLimit")
    return (
        int(resources.get("accelerator", {}).get("count", 0)),
        resources.get("cpuLimit"),
        math.ceil(round(memory * 10**9, 3)) if memory else None,
    )


def _check_place(executor: dict[str, Any], declared: tuple[c.NodePool, ...], need: c.Resources) -> None:
    """The pod is led to a pool that holds it, and is let in; without GPUs to one for all, or to one without them."""
    if not declared:
        assert "nodeSelector" not in executor
        assert "tolerations" not in executor
        return
    holding = _holding(declared, need)
    pool = next(pool for pool in declared if pool.labels == executor["nodeSelector"]["labels"])
    assert pool in holding
    without = [each for each in holding if not each.gpus]
    free = [each for each in without if each.spot or not each.taints]
    assert pool == (holding if need.gpus else free or without or holding)[0]
    for taint in pool.taints:
        assert any(_tolerates(toleration, taint) for toleration in executor["tolerations"])


def _holding(declared: tuple[c.NodePool, ...], need: c.Resources) -> list[c.NodePool]:
    return [
        pool
        for pool in declared
        if pool.gpus >= need.gpus
        and need.accelerator in (None, pool.labels.get(c.GKE_ACCELERATOR))
        and (pool.cpu is None or need.cpu is None or pool.cpu >= need.cpu)
        and (pool.memory is None or need.memory is None or as_bytes(pool.memory) >= as_bytes(need.memory))
    ]


def _tolerates(toleration: dict[str, str], taint: c.Taint) -> bool:
    """As Kubernetes has it (k8s.io/api/core/v1, Toleration.ToleratesTaint)."""
    return (
        toleration.get("effect", "") in ("", taint.effect)
        and toleration.get("key", "") in ("", taint.key)
        and (toleration.get("operator") == "Exists" or toleration.get("value", "") == taint.value)
    )
