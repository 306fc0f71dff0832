"""Where everything lies under a root."""

from __future__ import annotations

import dataclasses
import os


@dataclasses.dataclass(frozen=True)
class Layout:
    """The folders and files of one root."""

    root: str

    @property
    def store(self) -> str:
        """The metadata store, one SQLite file."""
        return os.path.join(self.root, "metadata.sqlite")

    @property
    def lock(self) -> str:
        """The file that the run at work holds locked."""
        return os.path.join(self.root, "lock")

    @property
    def told(self) -> str:
        """The findings of drift that a hook has been told of, and those that it is still to be told."""
        return os.path.join(self.root, "told.json")

    @property
    def artifacts(self) -> str:
        """Every output of every node: NODE/KEY/EXECUTION."""
        return os.path.join(self.root, "artifacts")

    @property
    def beam(self) -> str:
        """What Beam jobs bring to their workers."""
        return os.path.join(self.root, "beam")

    @property
    def code(self) -> str:
        """Copies of the user's code for the workers of Beam jobs, a folder for each try at a step."""
        return os.path.join(self.beam, "code")

    @property
    def runs(self) -> str:
        """A folder for each run."""
        return os.path.join(self.root, "runs")

    def run(self, run_id: str) -> str:
        """A run's record, logs and fingerprints."""
        return os.path.join(self.runs, run_id)

    def record(self, run_id: str) -> str:
        """A run's record."""
        return os.path.join(self.run(run_id), "run.json")

    def logs(self, run_id: str) -> str:
        """A run's logs, one per node."""
        return os.path.join(self.run(run_id), "logs")

    def runner_log(self, run_id: str) -> str:
        """What belongs to no node: start, crashes of the runner itself."""
        return os.path.join(self.logs(run_id), "runner.log")

    def fingerprints(self, run_id: str) -> str:
        """What each node of a run depended on."""
        return os.path.join(self.run(run_id), "fingerprints")

    def plan(self, run_id: str) -> str:
        """What a run on a cluster has to do."""
        return os.path.join(self.run(run_id), "plan.json")

    def compiled(self, digest: str) -> str:
        """The compiled pipeline of a config, by its digest."""
        return os.path.join(self.root, "compiled", f"{digest}.json")

    def outcomes(self, run_id: str) -> str:
        """What each node of a run on a cluster has come to."""
        return os.path.join(self.run(run_id), "nodes")

    def checkpoints(self, run_id: str) -> str:
        """What a run's training goes on from, a folder per node."""
        return os.path.join(self.root, "checkpoints", run_id)

    def serving(self, name: str) -> str:
        """The versions of a pipeline's model."""
        return os.path.join(self.root, "serving", name)
