"""Which nodes fit beside each other on this machine."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Collection, Iterable, Mapping

from pipeline.config import Config
from pipeline.config.resources import as_bytes
from pipeline.runs import RunRecord

_CORES = 1.0
_MEMORY = 2 * 10**9
"""Bytes of a node that nobody knows; most take less (`millrace show` tells)."""
_SHARE = 0.75
"""Of the machine's memory: its other processes and the cache of files want some, too."""


@dataclasses.dataclass(frozen=True)
class _Need:
    cores: float
    memory: int
    gpu: bool


class Capacity:
    """The cores and the bytes that nodes share."""

    def __init__(self, config: Config, before: Iterable[RunRecord]) -> None:
        """Args:
        before: runs of the pipeline, newest first, which tell what its nodes took.
        """
        limits = config.machine
        self._config = config
        self._took = _took(before)
        self._cores = limits.cores or float(len(os.sched_getaffinity(0)))
        self._memory = as_bytes(limits.memory) if limits.memory else int(_SHARE * memory())

    def admits(self, node: str, running: Collection[str]) -> bool:
        """Whether `node` may start beside those that are `running`. One node may always run."""
        if not running:
            return True
        needs = [self._need(each) for each in (node, *running)]
        return (
            sum(need.cores for need in needs) <= self._cores
            and sum(need.memory for need in needs) <= self._memory
            and sum(need.gpu for need in needs) <= 1
        )

    def _need(self, node: str) -> _Need:
        needs = self._config.needs(node)
        memory = as_bytes(needs.memory) if needs.memory else self._took.get(node, _MEMORY)
        return _Need(needs.cpu or _CORES, memory, bool(needs.gpus))


def _took(records: Iterable[RunRecord]) -> Mapping[str, int]:
    """What each node took when it last did something, which in the newest run may have been nothing."""
    took: dict[str, int] = {}
    for node in (node for record in records for node in record.nodes):
        if node.peak_memory:
            took.setdefault(node.id, node.peak_memory)
    return took


def memory() -> int:
    """The bytes that this machine, or the container that this process is in, has."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError), open(path, encoding="ascii") as file:
            limits.append(int(file.read()))  # "max" where there is no limit
    return min(limits)
