"""Why a run has failed: which pods, whether they were lost with their nodes, and what their containers ended with.

KFP's v2beta1 API does not tell. Its backend (2.5.0, backend/src/apiserver) makes FAILED of Argo's `Failed` and `Error`
alike (model/run.go, RuntimeState.ToV2), keeps no message of a task (common/util/workflow.go, NodeStatuses; `error` of
server/api_converter.go, toApiPipelineTaskDetail, is never set), and its launcher exits with 1 whatever the
container's command exits with (v2/cmd/launcher-v2/main.go, glog.Exit).

What it does tell is in two other places. The Argo workflow itself, in its last state, is in the v1beta1 API's answer
to GET runs/ID (server/api_converter.go, toApiRunDetailV1; the UI reads it, and 2.17 still has it): a pod that is gone
has phase `Error` and message `pod deleted` (Argo 3.5 to 4.0, workflow/controller/operator.go, podReconciliation), one
whose container failed has phase `Failed`. And the launcher's last words, `failed to execute component: exit status 2`,
are in the pod's log, which Argo archives (KFP's manifests set archiveLogs) and ReadArtifact returns as `main-logs`.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.errors import ExitCode, worst
from pipeline.submission.access import Client
from pipeline.submission.transport import CallError

_DELETED = "pod deleted"
_EXIT = re.compile(r"failed to execute component: .*exit status (\d+)")
_OURS = re.compile(r"^millrace: (.+)$", re.MULTILINE)
_THEIRS = re.compile(r"^F\d{4} .*?\] (.+)$", re.MULTILINE)
"""The last words of KFP's driver and launcher, as glog writes them: `F1128 02:10:42.5 16 main.go:101] KFP driver: …`"""
_KNOWN = frozenset(map(int, ExitCode)) - {ExitCode.OK}


@dataclasses.dataclass(frozen=True)
class Failure:
    """A task that ended a run.

    Attributes:
        pod: Argo's id of the pod that was the last to try.
        lost: the pod was deleted, as it is with its node; its container has not failed.
    """

    task: str
    pod: str
    message: str
    lost: bool


@dataclasses.dataclass(frozen=True)
class Ending:
    """What ended a run; nothing where KFP does not tell.

    Attributes:
        terminated: somebody has ended it in KFP.
        lost: all that failed was lost, so that going on with the run may end well.
    """

    failures: tuple[Failure, ...] = ()
    terminated: bool = False
    lost: bool = False


def of(client: Client, run_id: str) -> Ending:
    """What ended that run, as far as its Argo workflow tells.

    Raises:
        CallError: KFP is out of reach.
    """
    workflow = _workflow(client, run_id)
    if workflow is None:
        return Ending()
    failures = tuple(_failures(workflow))
    terminated = workflow.get("spec", {}).get("activeDeadlineSeconds") == 0  # what KFP's `terminate` sets
    lost = bool(failures) and not terminated and all(each.lost for each in failures)
    return Ending(failures, terminated, lost)


def explain(client: Client, run_id: str, failures: Sequence[Failure]) -> tuple[ExitCode, tuple[tuple[str, str], ...]]:
    """What the containers ended with, the worst of all, and why each task has failed."""
    codes, lines = [], []
    for failure in failures:
        log = "" if failure.lost else _log(client, run_id, failure.pod)
        ends = _EXIT.findall(log)
        code = int(ends[-1]) if ends else ExitCode.CRASH
        codes.append(code if code in _KNOWN else ExitCode.CRASH)
        said = _OURS.findall(log) or _THEIRS.findall(log)
        lines.append((failure.task, said[-1] if said else failure.message or "KFP does not say why"))
    return (worst(codes) if codes else ExitCode.CRASH), tuple(lines)


def _workflow(client: Client, run_id: str) -> Mapping[str, Any] | None:
    """The Argo workflow of the run; None where this KFP does not show it."""
    try:
        content = client.get("/apis/v1beta1/runs/{run_id}", run_id=run_id)
        workflow = json.loads(content["pipeline_runtime"]["workflow_manifest"])
    except CallError as error:
        if error.passing:
            raise
        return None
    except (KeyError, TypeError, ValueError):
        return None
    return workflow if isinstance(workflow, dict) else None


def _failures(workflow: Mapping[str, Any]) -> Iterator[Failure]:
    nodes: Mapping[str, Mapping[str, Any]] = workflow.get("status", {}).get("nodes") or {}
    retries = [node for node in nodes.values() if node.get("type") == "Retry"]
    tried_again = {pod for node in retries for pod in node.get("children", [])[:-1]}
    for pod, node in sorted(nodes.items(), key=lambda item: item[1].get("finishedAt") or ""):
        if node.get("type") == "Pod" and node.get("phase") in ("Failed", "Error") and pod not in tried_again:
            message = node.get("message", "")
            lost = node["phase"] == "Error" and message == _DELETED
            yield Failure(_task(node.get("name", "")), pod, message, lost)


def _task(name: str) -> str:
    """`trainer` of `taxi-x7k2p.root.trainer.executor(1)` and of `taxi-x7k2p.root.trainer-driver`."""
    parts = name.split(".")
    return (parts[2] if len(parts) > 2 else parts[-1]).removesuffix("-driver")


def _log(client: Client, run_id: str, pod: str) -> str:
    """What the pod's container has written, if it was archived."""
    try:
        data = client.runs.read_artifact(run_id, pod, "main-logs").data
        return base64.b64decode(data or "").decode(errors="replace")
    except (CallError, binascii.Error):
        return ""
