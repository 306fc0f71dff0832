"""The settings of a cluster that Beam's Python pipelines were found to work with, and how much memory follows.

Where Beam's or Flink's defaults fail, the reason stands beside the setting.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Memory:
    """Of one TaskManager, in MB."""

    heap: int = 512
    managed: int = 256
    """Sorting before a GroupByKey."""
    off_heap: int = 768
    """Data from and to Python workers. With Flink's default, none, a job fails: "Direct buffer memory"."""
    network: int = 384
    """A Transform has some 850 subtasks: with Flink's default it fails, "Insufficient number of network buffers"."""
    metaspace: int = 384
    """Beam's classes."""
    framework: int = 128
    """Heap, and the same again off it."""

    @property
    def jvm(self) -> tuple[str, ...]:
        """The options that hold Java to it."""
        direct = self.framework + self.off_heap + self.network
        return (
            f"-Xmx{self.framework + self.heap}m",
            f"-XX:MaxDirectMemorySize={direct}m",
            f"-XX:MaxMetaspaceSize={self.metaspace}m",
        )


COMMON = {
    # All of Beam's classes from lib: with each job's own, what knows of workers ends with each stage, and the next one
    # starts Python anew.
    "classloader.resolve-order": "parent-first",
    # With a TaskManager dozens of tasks fail, one after another. A fixed delay counts each of them, and has none left;
    # this counts what fails during a delay once (FLIP-364, Flink 1.19).
    "restart-strategy.type": "exponential-delay",
    "restart-strategy.exponential-delay.attempts-before-reset-backoff": 3,
    # Longer than a worker stays with its TaskManager (options: environment_cache_millis), or the dead one is met again.
    "restart-strategy.exponential-delay.initial-backoff": "15 s",
    "restart-strategy.exponential-delay.max-backoff": "1 min",
    "restart-strategy.exponential-delay.jitter-factor": 0.0,
    # How long after a restart a failure is another matter.
    "restart-strategy.exponential-delay.reset-backoff-threshold": "10 min",
    # Milliseconds: a TaskManager that does not take two in turn is gone. Were that longer than the delay above,
    # a restart would be given its slots once more.
    "heartbeat.interval": 4000,
    # Milliseconds: how long a job waits while others have the slots. After Flink's five minutes it fails.
    "slot.request.timeout": 3600000,
    "taskmanager.network.sort-shuffle.min-buffers": 64,
    "web.submit.enable": "false",
}


def of_cluster(rest_port: int, rpc_port: int, slots: int, memory: Memory) -> dict[str, object]:
    """Flink's configuration for processes of this machine. Other machines cannot reach them; each of its users can, and
    whoever can reach them runs code as the user that they belong to."""
    here = "localhost"
    return {
        **COMMON,
        # Where others compute, too, an answer takes its time; a process that is gone is missed at once, as its port is.
        "pekko.ask.timeout": "120 s",
        "pekko.startup-timeout": "120 s",
        "heartbeat.timeout": 120000,
        "jobmanager.rpc.address": here,
        "jobmanager.rpc.port": rpc_port,
        "jobmanager.bind-host": here,
        "rest.address": here,
        "rest.bind-address": here,
        "rest.port": rest_port,
        "rest.bind-port": rest_port,
        "taskmanager.host": here,
        "taskmanager.bind-host": here,
        "taskmanager.numberOfTaskSlots": slots,
        "taskmanager.cpu.cores": float(slots),
        "taskmanager.memory.framework.heap.size": f"{memory.framework}m",
        "taskmanager.memory.framework.off-heap.size": f"{memory.framework}m",
        "taskmanager.memory.task.heap.size": f"{memory.heap}m",
        "taskmanager.memory.task.off-heap.size": f"{memory.off_heap}m",
        "taskmanager.memory.managed.size": f"{memory.managed}m",
        "taskmanager.memory.network.min": f"{memory.network}m",
        "taskmanager.memory.network.max": f"{memory.network}m",
        "taskmanager.memory.jvm-metaspace.size": f"{memory.metaspace}m",
        "taskmanager.memory.jvm-overhead.min": "192m",
        "taskmanager.memory.jvm-overhead.max": "192m",
    }


def written(settings: dict[str, object]) -> str:
    """As Flink's config.yaml."""
    return "".join(f"{key}: {value}\n" for key, value in settings.items())


LOG4J = """\
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
appender.console.name = console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %c{1} - %m%n
"""
