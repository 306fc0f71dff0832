"""The steps of a compiled pipeline: its nodes and the task before them, named, placed, and with an image."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from components.errors import ConfigError, close_matches
from pipeline.config.config import Config
from pipeline.config.kubeflow import Retries
from pipeline.config.resources import Resources, as_bytes
from pipeline.kubeflow.names import START, task_names
from pipeline.kubeflow.placement import Placement, needs_of, place


@dataclasses.dataclass(frozen=True)
class Node:
    """A node of the pipeline.

    Attributes:
        upstream: the ids of its direct predecessors.
        outputs: the title of the schema of each output, by its key.
    """

    id: str
    upstream: Collection[str]
    outputs: Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class Step:
    """One task.

    Attributes:
        node: the id of the node that it runs; empty for the task before all nodes.
        upstream: the tasks that it waits for.
        outputs: as a node's.
    """

    task: str
    node: str
    upstream: tuple[str, ...]
    outputs: Mapping[str, str]
    placement: Placement
    image: str
    retries: Retries


def steps(config: Config, nodes: Sequence[Node]) -> tuple[Step, ...]:
    """The task before all nodes, and the nodes', in the order of `nodes`.

    Raises:
        InputError: a name is none, or no pool can hold a step.
    """
    _check_names(config, [node.id for node in nodes])
    names = task_names(node.id for node in nodes)
    found = [_step(config, START, "", (), {}, _needs_of_start(config))]
    for node in nodes:
        upstream = tuple(sorted(names[each] for each in node.upstream)) or (START,)
        found.append(_step(config, names[node.id], node.id, upstream, node.outputs, needs_of(config, node.id)))
    return tuple(found)


def _needs_of_start(config: Config) -> Resources:
    """The greatest of what the nodes need that earlier spans go through there; none of them trains.

    A pool counts where they all name the same: another might not hold the greatest.
    """
    nodes = ("ExampleGen", *(("StatisticsGen",) if config.counts_earlier_spans else ()))
    needs = [needs_of(config, node) for node in nodes]
    pools = {each.pool for each in needs}
    return Resources(
        gpus=0,
        cpu=max((each.cpu for each in needs if each.cpu), default=None),
        memory=max((each.memory for each in needs if each.memory), key=as_bytes, default=None),
        pool=pools.pop() if len(pools) == 1 else None,
    )


def _step(
    config: Config, task: str, node: str, upstream: tuple[str, ...], outputs: Mapping[str, str], needs: Resources
) -> Step:
    cluster = config.kubeflow
    placement = place(node or task, needs, cluster.pools)
    _check_shared_memory(node, placement, cluster.shared_memory)
    image = (needs.gpus and cluster.gpu_image) or cluster.image
    retries = cluster.spot_retries if placement.pool and placement.pool.spot else cluster.retries
    return Step(task, node, upstream, outputs, placement, image, retries)


def _check_shared_memory(node: str, placement: Placement, shared: str | None) -> None:
    """Refuse what cannot be used up: what lies in /dev/shm counts as memory of the pod."""
    room = placement.needs.memory or (placement.pool and placement.pool.memory)
    if placement.needs.gpus and shared and room and as_bytes(shared) > as_bytes(room):
        raise ConfigError(
            f"kubeflow.shared_memory={shared!r} counts as memory of the pod, and that of {node} has {room}: give it "
            "more (resources), or shared_memory less"
        )


def _check_names(config: Config, ids: Sequence[str]) -> None:
    for name in config.resources:
        if name not in ids:
            raise ConfigError(
                f"resources: there is no node {name!r}.{close_matches(name, ids)} Nodes: {', '.join(ids)}"
            )
