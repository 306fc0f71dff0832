"""Where the Beam steps run: on this machine, on a Flink cluster, or on any other of Beam's runners."""

from __future__ import annotations

from typing import Literal, Union

import pydantic

from pipeline.config.record import Record

_ADDRESS = r"^\S+:\d+$"
_ARTIFACT_PORT = 8098
"""Beam's default."""
_NAMES = {"direct": "DirectRunner", "flink": "FlinkRunner"}
_FIELDS = {
    "--flink_master": "master",
    "--flink_version": "version",
    "--parallelism": "parallelism",
    "--flink_job_server_jar": "jar",
    "--job_endpoint": "job_server",
    "--artifact_endpoint": "job_server",
    "--environment_type": "workers",
    "--environment_config": "worker_address",
    "--artifacts_dir": "artifacts",
}
"""What checks and the end of jobs go by, as Beam's options."""


class Flink(Record):
    """A Flink cluster, as the machine sees it that starts the jobs (on Kubeflow: the node's pod)."""

    master: str = pydantic.Field(default="localhost:8081", min_length=1)
    """HOST:PORT of its REST interface, or a URL."""
    version: Literal["1.17", "1.18", "1.19"] = "1.19"
    """The minor version of the cluster: one that Beam knows."""
    parallelism: int = pydantic.Field(default=2, ge=1)
    """Slots that a job takes."""
    jar: Union[str, None] = None
    """Beam's job server for that version of Flink (`millrace flink up` makes one); None lets Beam fetch its own."""
    job_server: Union[str, None] = pydantic.Field(default=None, pattern=_ADDRESS)
    """HOST:PORT of a job server that is there already, its artifacts at port 8098; None starts one for each step."""
    sha256: Union[str, None] = pydantic.Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """Of the jar."""
    workers: Literal["external", "process", "docker", "loopback"] = "external"
    """What runs Python for the TaskManagers: a pool at `worker_address`, a command that each of them starts, a
    container, or this process (for a debugger)."""
    worker_address: str = pydantic.Field(default="localhost:50000", pattern=_ADDRESS)
    """HOST:PORT of the pool, as each TaskManager sees it (localhost is its own machine or pod)."""
    worker_command: Union[str, None] = None
    """Of process: the path of Beam's boot program on each TaskManager; of docker: an image."""
    artifacts: Union[str, None] = None
    """A folder that job server and TaskManagers share; None is `beam` under the root."""

    @pydantic.field_validator("version", mode="before")
    @classmethod
    def _text(cls, version: object) -> object:
        return str(version) if isinstance(version, float) else version  # as `--set` reads it

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> Flink:
        if self.workers in ("process", "docker") and not self.worker_command:
            raise ValueError(f"workers={self.workers!r} needs worker_command, which says what to start")
        if self.sha256 and not self.jar:
            raise ValueError("sha256 without jar: it is the checksum of the job server's jar")
        if self.job_server and self.jar:
            raise ValueError("jar and job_server: one of them is enough, a jar is for a job server that is started")
        return self

    @property
    def artifact_server(self) -> Union[str, None]:
        """Where `job_server` takes what jobs bring; itself it tells an address that only its container knows."""
        return f"{self.job_server.rpartition(':')[0]}:{_ARTIFACT_PORT}" if self.job_server else None


class Runner(Record):
    """What runs a Beam pipeline."""

    runner: str = "direct"
    """"direct" (this machine), "flink", or a runner by the name that Beam has for it ("SparkRunner")."""
    flink: Flink = Flink()
    """Read where runner is "flink"."""
    args: tuple[str, ...] = ()
    """Further Beam options, as on its command line ("--direct_num_workers=2"); they count more than all else."""

    @pydantic.field_validator("args")
    @classmethod
    def _options(cls, args: tuple[str, ...]) -> tuple[str, ...]:
        for arg in args:
            if not arg.startswith("--"):
                raise ValueError(f"write each option in one piece, --name=value. Received: {arg!r}")
            if arg.startswith("--runner"):
                raise ValueError(f"the runner has a field of its own, runner. Received: {arg!r}")
        return args

    @pydantic.field_validator("runner")
    @classmethod
    def _usual(cls, runner: str) -> str:
        return next((ours for ours, beam in _NAMES.items() if runner == beam), runner)

    @pydantic.model_validator(mode="after")
    def _of_fields(self) -> Runner:
        for arg in self.args if self.on_flink else ():
            option = arg.partition("=")[0]
            if option == "--job_name":
                raise ValueError(f"jobs are ended by the names that they are given. Received: {arg!r}")
            if option in _FIELDS:
                raise ValueError(f"{option} has a field of its own, flink.{_FIELDS[option]}. Received: {arg!r}")
        return self

    @property
    def beam_runner(self) -> str:
        """Its name in Beam."""
        return _NAMES.get(self.runner, self.runner)

    @property
    def on_flink(self) -> bool:
        """Whether `flink` is read."""
        return self.runner == "flink"


class Beam(Runner):
    """How the Beam steps run, and those that run otherwise."""

    nodes: dict[str, Runner] = {}
    """Of nodes that differ, by their names: `nodes={"Evaluator": c.Runner()}` keeps that one on this machine."""

    def of(self, node: str) -> Runner:
        """What runs that node's pipelines."""
        return self.nodes.get(node, self)
