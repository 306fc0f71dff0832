"""Which node pool a step runs in, and why."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from components.errors import ConfigError, close_matches
from pipeline.config.config import Config
from pipeline.config.pools import NodePool
from pipeline.config.resources import LEAST, Resources, as_bytes


@dataclasses.dataclass(frozen=True)
class Placement:
    """Where a step goes.

    Attributes:
        needs: what its pod gets.
        pool: None where Kubernetes decides.
    """

    needs: Resources
    pool: NodePool | None
    why: str


def needs_of(config: Config, node: str) -> Resources:
    """What that node's pod gets. What training usually needs counts only where the cluster has it."""
    given = config.resources.get(node, Resources())
    if given.gpus is None and not any(pool.gpus for pool in config.kubeflow.pools):
        return given.model_copy(update={"gpus": 0})
    return config.needs(node)


def place(step: str, needs: Resources, pools: Sequence[NodePool]) -> Placement:
    """The first of `pools` that can hold a step with these needs, rather than one that is kept for others.

    Raises:
        ConfigError: none can; it says why of each.
    """
    if not pools:
        _refuse_what_pools_decide(step, needs)
        return Placement(needs, None, "no pools are declared: Kubernetes decides")
    if needs.pool:
        _check_pool_exists(step, needs.pool, pools)
    obstacles = {pool.name: _obstacle(needs, pool) for pool in pools}
    fitting = [pool for pool in pools if not obstacles[pool.name]]
    if not fitting:
        listed = "".join(f"\n  {pool.name}: {obstacles[pool.name]}" for pool in pools)
        raise ConfigError(f"{step} needs {described(needs)}, and no pool of kubeflow.pools can hold it:{listed}")
    kept = {pool.name: "" if needs.gpus else _kept(pool) for pool in fitting}
    # GPUs cost most: a tainted pool without comes before a free one with them.
    chosen = min(fitting, key=lambda pool: (bool(kept[pool.name] and pool.gpus), bool(kept[pool.name])))
    if needs.pool:
        return Placement(needs, chosen, f"resources ask for {chosen.name}")
    before = pools[: pools.index(chosen)]
    passed = "; ".join(f"{pool.name} {obstacles[pool.name] or kept[pool.name]}" for pool in before)
    return Placement(needs, chosen, f"the first that can hold it{f' ({passed})' if passed else ''}")


def described(needs: Resources) -> str:
    """What a step needs, in words."""
    kind = f" ({needs.accelerator})" if needs.accelerator else ""
    parts = (
        f"{_counted(needs.gpus, 'GPU')}{kind}" if needs.gpus else "",
        f"{_counted(needs.cpu, 'core')}" if needs.cpu else "",
        f"{needs.memory} of memory" if needs.memory else "",
        f"pool {needs.pool}" if needs.pool else "",
    )
    return ", ".join(part for part in parts if part) or "nothing in particular"


def _kept(pool: NodePool) -> str:
    """For whom a pool is kept that a step without GPUs could run in; empty where for nobody.

    The taint of a spot pool says only that its nodes may go.
    """
    if pool.gpus:
        return "is kept for steps with GPUs"
    return "is tainted, and kept for steps that name it" if pool.taints and not pool.spot else ""


def _obstacle(needs: Resources, pool: NodePool) -> str:
    """Why the pool cannot hold a step with these needs; empty where it can."""
    if needs.pool and needs.pool != pool.name:
        return f"is not {needs.pool}"
    if (needs.gpus or 0) > pool.gpus:
        return f"has {_counted(pool.gpus, 'GPU')} a node" if pool.gpus else "has no GPU"
    if needs.accelerator and needs.accelerator != pool.kind:
        return f"has GPUs of kind {pool.kind}" if pool.kind else "does not say of what kind its GPUs are"
    if needs.cpu and pool.cpu is not None and needs.cpu > pool.cpu:
        return f"has {_counted(pool.cpu, 'core')} a node"
    if pool.memory is not None and as_bytes(needs.memory or LEAST) > as_bytes(pool.memory):
        return f"has {pool.memory} of memory a node"
    return ""


def _refuse_what_pools_decide(step: str, needs: Resources) -> None:
    for field, asked in (("pool", needs.pool), ("accelerator", needs.accelerator)):
        if asked:
            raise ConfigError(
                f"{step} asks for {field}={asked!r}, but kubeflow.pools declares none, so nothing would lead it there: "
                "declare the cluster's pools"
            )


def _check_pool_exists(step: str, name: str, pools: Sequence[NodePool]) -> None:
    names = [pool.name for pool in pools]
    if name not in names:
        hint = close_matches(name, names)
        raise ConfigError(f"{step} asks for pool {name!r}, and there is none.{hint} Pools: {', '.join(names)}")


def _counted(amount: float, noun: str) -> str:
    return f"{amount:g} {noun}{'' if amount == 1 else 's'}"
