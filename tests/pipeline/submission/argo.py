"""Argo workflows as KFP's compiler makes them, and what KFP's backend 2.5.0 tells of them.

backend/src/v2/compiler/argocompiler (dag.go, container.go) names the nodes, server/api_converter.go tells of them.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

BEGAN = "2026-11-22T03:00:00Z"
ENDED = "2026-11-22T03:01:30Z"
NEVER = "0001-01-01T00:00:00Z"
"""What Go's zero time is in the API."""
NAME = "taxi-x7k2p"

OK = ("Succeeded", "")
RUNNING = ("Running", "")
EXIT = ("Failed", "Error (exit code 1)")
DELETED = ("Error", "pod deleted")
_STATES = {"Pending": "PENDING", "Running": "RUNNING", "Succeeded": "SUCCEEDED", "Skipped": "SKIPPED"}
_FAILED = {"Failed": "FAILED", "Error": "FAILED"}

Attempts = Sequence[tuple[str, str]]
"""Phase and message of each pod that has tried."""


@dataclasses.dataclass(frozen=True)
class Workflow:
    """A moment of a run: its phase, its tasks' attempts, drivers that have failed, and whether it was terminated.

    `errors` are what KFP says of tasks, and of the run under the name "". `root` is the phase of the DAG in it, where
    that is another: Argo keeps a workflow running whose pods have not all reported (3.5,
    workflow/controller/operator.go, checkTaskResultsInProgress).
    """

    phase: str
    tasks: Mapping[str, Attempts] = dataclasses.field(default_factory=dict)
    drivers: Mapping[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    terminated: bool = False
    root: str = ""
    errors: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def state(self) -> str:
        """KFP's state of the run (model/run.go, ToV2)."""
        return {**_STATES, **_FAILED}[self.phase]

    @property
    def manifest(self) -> dict[str, Any]:
        """The workflow as Kubernetes has it."""
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": {"name": NAME},
            "spec": {"activeDeadlineSeconds": 0} if self.terminated else {},
            "status": {"phase": self.phase, "nodes": self.nodes},
        }

    @property
    def nodes(self) -> dict[str, dict[str, Any]]:
        """Argo's nodes by their ids."""
        made = [
            _node("", "DAG", (self.root or self.phase, ""), "root-driver"),
            _node("root-driver", "Pod", OK),
            _node("root", "DAG", (self.root or self.phase, "")),
        ]
        for task, attempts in self.tasks.items():
            path = f"root.{task}"
            made.append(_node(f"{path}-driver", "Pod", OK))
            made.append(_node(path, "DAG", (attempts[-1][0], ""), f"{path}.executor"))
            pods = [f"{path}.executor({number})" for number in range(len(attempts))]
            made.append(_node(f"{path}.executor", "Retry", attempts[-1], *pods))
            made.extend(_node(pod, "Pod", each) for pod, each in zip(pods, attempts, strict=True))
        made.extend(_node(f"root.{task}-driver", "Pod", end) for task, end in self.drivers.items())
        return {node["id"]: node for node in made}

    def error(self, of: str = "") -> dict[str, Any]:
        """KFP's error of a task, or of the run."""
        return {"error": {"code": 13, "message": self.errors[of]}} if of in self.errors else {}

    def details(self, run_id: str) -> list[dict[str, Any]]:
        """KFP's task details: no messages, no errors, no names of pods but as children."""
        return [
            {
                "run_id": run_id,
                "task_id": f"task-{node['id']}",
                "display_name": node["displayName"],
                "create_time": BEGAN,
                "start_time": node["startedAt"],
                "end_time": node["finishedAt"] or NEVER,
                "state": {**_STATES, **_FAILED}.get(node["phase"], "RUNTIME_STATE_UNSPECIFIED"),
                "child_tasks": [{"pod_name": child} for child in node["children"]],
                **self.error(node["displayName"]),
            }
            for node in self.nodes.values()
        ]


def pod_id(task: str, attempt: int) -> str:
    """Argo's id of the pod of that attempt."""
    return _id(f"root.{task}.executor({attempt})")


def driver_id(task: str) -> str:
    """Argo's id of the pod of the task's driver."""
    return _id(f"root.{task}-driver")


def _id(path: str) -> str:
    return f"{NAME}-{int(hashlib.sha1(path.encode()).hexdigest()[:8], 16)}"


def _node(path: str, kind: str, end: tuple[str, str], *children: str) -> dict[str, Any]:
    phase, message = end
    return {
        "id": _id(path),
        "name": f"{NAME}.{path}".rstrip("."),
        "displayName": path.rpartition(".")[2] or NAME,
        "type": kind,
        "phase": phase,
        "message": message,
        "startedAt": BEGAN,
        "finishedAt": ENDED if phase not in ("Pending", "Running") else None,
        "children": [_id(child) for child in children],
    }


DONE = Workflow("Succeeded", {"start": [OK], "example-gen": [OK], "trainer": [OK]})
WORKING = Workflow("Running", {"start": [OK], "example-gen": [RUNNING]})
LOST = Workflow("Error", {"start": [OK], "example-gen": [OK], "trainer": [EXIT, DELETED]})
