"""A KFP for tests: an HTTP server that keeps what it is given, and takes and answers only what the API has."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import email.parser
import email.policy
import http.server
import json
import threading
import urllib.parse
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from tests.pipeline.submission import argo, openapi

NOW = "2026-11-22T03:00:00Z"
Fault = Callable[[str, str], "tuple[int, dict[str, str], bytes] | None"]
"""What a proxy or a broken server answers to a method and a path instead of KFP; None where it lets KFP answer."""


class Refused(Exception):
    """What the backend refuses: an HTTP status and its message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclasses.dataclass
class Backend:
    """The state. `stories` are the lives of the runs to come: each look at a run shows its next moment."""

    multi_user: bool = False
    versions_told: dict[str, str] = dataclasses.field(default_factory=dict)
    token: str = ""
    stories: list[list[argo.Workflow]] = dataclasses.field(default_factory=list)
    logs: dict[str, str] = dataclasses.field(default_factory=dict)
    fault: Fault | None = None
    old_api: bool = True
    calls: list[str] = dataclasses.field(default_factory=list)
    violations: list[str] = dataclasses.field(default_factory=list)
    experiments: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    pipelines: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    versions: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    recurring: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    lives: dict[str, list[argo.Workflow]] = dataclasses.field(default_factory=dict)
    files: dict[str, bytes] = dataclasses.field(default_factory=dict)

    def answer(self, call: Call) -> Any:
        """The answer to a call that the API has."""
        return getattr(self, f"on_{call.operation.id.rpartition('_')[2]}")(call)

    def on_GetHealthz(self, call: Call) -> Any:
        return {"multi_user": self.multi_user, **self.versions_told}

    def on_ListExperiments(self, call: Call) -> Any:
        return _listed("experiments", self._named(call, self.experiments))

    def on_CreateExperiment(self, call: Call) -> Any:
        names = {(each["display_name"], each.get("namespace")) for each in self.experiments.values()}
        if (call.body["display_name"], call.body.get("namespace")) in names:
            raise Refused(409, f"The name {call.body['display_name']} already exists. Please specify a new name")
        return _kept(self.experiments, "experiment_id", {**call.body, "storage_state": "AVAILABLE"})

    def on_ListPipelines(self, call: Call) -> Any:
        return _listed("pipelines", self._named(call, self.pipelines))

    def on_GetPipeline(self, call: Call) -> Any:
        found = self.pipelines.get(call.operation.path["pipeline_id"])
        if not found:
            raise Refused(404, "Failed to get a pipeline: ResourceNotFoundError")
        return found

    def on_UploadPipeline(self, call: Call) -> Any:
        name = call.query["name"]
        namespace = call.query.get("namespace", "")
        if any((each["display_name"], each["namespace"]) == (name, namespace) for each in self.pipelines.values()):
            raise Refused(409, f"The name {name} already exist. Please specify a new name.")
        fields = {"display_name": name, "description": call.query.get("description", "")}
        made = _kept(self.pipelines, "pipeline_id", {**fields, "namespace": namespace})
        self._version(call, made["pipeline_id"], name)  # as the backend does: named after the pipeline
        return made

    def on_UploadPipelineVersion(self, call: Call) -> Any:
        if call.query["pipelineid"] not in self.pipelines:
            raise Refused(400, "Failed to create a pipeline version due to error reading namespace")
        names = {(each["pipeline_id"], each["display_name"]) for each in self.versions.values()}
        if (call.query["pipelineid"], call.query["name"]) in names:
            raise Refused(409, f"The name {call.query['name']} already exist. Specify a new name")
        return self._version(call, call.query["pipelineid"], call.query["name"])

    def on_ListPipelineVersions(self, call: Call) -> Any:
        mine = {k: v for k, v in self.versions.items() if v["pipeline_id"] == call.operation.path["pipeline_id"]}
        return _listed("pipeline_versions", self._named(call, mine))

    def on_CreateRun(self, call: Call) -> Any:
        self._check_job(call.body)
        made = _kept(self.runs, "run_id", {**call.body, "state": "PENDING", "storage_state": "AVAILABLE"})
        self.lives[made["run_id"]] = self.stories.pop(0) if self.stories else [argo.Workflow("Running")]
        return made

    def on_ListRuns(self, call: Call) -> Any:
        mine = {k: v for k, v in self.runs.items() if v["experiment_id"] == call.query.get("experiment_id")}
        return _listed("runs", self._named(call, mine))

    def on_GetRun(self, call: Call) -> Any:
        run = self._run(call)
        life = self.lives[run["run_id"]]
        now = life.pop(0) if len(life) > 1 else life[0]
        run.update(state=now.state, run_details={"task_details": now.details(run["run_id"])}, **now.error())
        return run

    def on_GetRunV1(self, call: Call) -> Any:
        if not self.old_api:
            raise Refused(404, "Not Found")
        run = self._run(call)
        manifest = json.dumps(self.lives[run["run_id"]][0].manifest)
        return {"run": {"id": run["run_id"]}, "pipeline_runtime": {"workflow_manifest": manifest}}

    def on_ReadArtifact(self, call: Call) -> Any:
        self._run(call)
        if call.operation.path["artifact_name"] != "main-logs" or call.operation.path["node_id"] not in self.logs:
            raise Refused(404, "artifact not found")
        return {"data": base64.b64encode(self.logs[call.operation.path["node_id"]].encode()).decode()}

    def on_ListRecurringRuns(self, call: Call) -> Any:
        mine = {k: v for k, v in self.recurring.items() if v["experiment_id"] == call.query.get("experiment_id")}
        return _listed("recurringRuns", self._named(call, mine))

    def on_CreateRecurringRun(self, call: Call) -> Any:
        self._check_job(call.body)
        status = {"ENABLE": "ENABLED", "DISABLE": "DISABLED"}[call.body["mode"]]
        return _kept(self.recurring, "recurring_run_id", {**call.body, "status": status})

    def on_DisableRecurringRun(self, call: Call) -> Any:
        self.recurring[call.operation.path["recurring_run_id"]].update(status="DISABLED", mode="DISABLE")
        return {}

    def on_EnableRecurringRun(self, call: Call) -> Any:
        self.recurring[call.operation.path["recurring_run_id"]].update(status="ENABLED", mode="ENABLE")
        return {}

    def _run(self, call: Call) -> dict[str, Any]:
        run_id = call.operation.path["run_id"]
        if run_id not in self.runs:
            raise Refused(404, f"Failed to get a run: Failed to fetch run {run_id}: Run {run_id} not found")
        return self.runs[run_id]

    def _named(self, call: Call, things: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
        wanted = json.loads(call.query.get("filter", "{}")).get("predicates", [])
        for each in wanted:
            assert (each["operation"], each["key"]) in (("EQUALS", "display_name"), (1, "display_name")), each
        names = {each.get("stringValue", each.get("string_value")) for each in wanted}
        spaces = {call.query["namespace"]} if self.multi_user and "namespace" in call.query else None
        return [
            each
            for each in things.values()
            if (not names or each["display_name"] in names) and (spaces is None or each.get("namespace", "") in spaces)
        ]

    def _version(self, call: Call, pipeline_id: str, name: str) -> dict[str, Any]:
        file = (call.files or {})["uploadfile"]
        documents = list(yaml.safe_load_all(file))
        json_format.ParseDict(documents[0], pipeline_spec_pb2.PipelineSpec())
        json_format.ParseDict(documents[1], pipeline_spec_pb2.PlatformSpec())
        fields = {"pipeline_id": pipeline_id, "display_name": name, "description": call.query.get("description", "")}
        spec = {"pipeline_spec": documents[0], "platform_spec": documents[1]}
        made = _kept(self.versions, "pipeline_version_id", {**fields, "pipeline_spec": spec})
        self.files[made["pipeline_version_id"]] = file
        return made

    def _check_job(self, body: Mapping[str, Any]) -> None:
        """As template/v2_template.go, validatePipelineJobInputs."""
        if body["experiment_id"] not in self.experiments:
            raise Refused(404, f"Experiment {body['experiment_id']} not found")
        reference = body["pipeline_version_reference"]
        version = self.versions[reference["pipeline_version_id"]]
        assert version["pipeline_id"] == reference["pipeline_id"]
        defined = version["pipeline_spec"]["pipeline_spec"]["root"]["inputDefinitions"]["parameters"]
        for name, value in body["runtime_config"].get("parameters", {}).items():
            if name not in defined or not isinstance(value, _TYPES[defined[name]["parameterType"]]):
                raise Refused(400, f"invalid pipeline job inputs: {name}={value!r}")


_TYPES: dict[str, Any] = {
    "STRING": str,
    "NUMBER_INTEGER": (int, float),
    "NUMBER_DOUBLE": (int, float),
    "BOOLEAN": bool,
    "LIST": list,
    "STRUCT": dict,
}


@dataclasses.dataclass(frozen=True)
class Call:
    """A request that the API has."""

    operation: openapi.Operation
    query: Mapping[str, str]
    body: Any
    files: Mapping[str, bytes] | None


@contextlib.contextmanager
def serve(backend: Backend) -> Iterator[str]:
    """The address of a server of that state."""

    class Handler(_Handler):
        state = backend

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    state: Backend

    def do_GET(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.state.calls.append(f"{self.command} {url.path}")
        fault = self.state.fault(self.command, url.path) if self.state.fault else None
        if fault:
            return self._send(*fault)
        if self.state.token and self.headers.get("authorization") != f"Bearer {self.state.token}":
            return self._send(401, {}, b'{"error": "Unauthenticated", "code": 16, "message": "Unauthenticated"}')
        status, answer = self._answer(url, content)
        self._send(status, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    do_POST = do_DELETE = do_GET

    def _answer(self, url: urllib.parse.SplitResult, content: bytes) -> tuple[int, Any]:
        try:
            operation = openapi.find(self.command, urllib.parse.unquote(url.path))
            query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
            body, files = self._content(content)
            openapi.check_request(operation, query, body, files)
            call = Call(operation, {name: values[0] for name, values in query.items()}, body, files)
            try:
                status, answer = 200, self.state.answer(call)
            except Refused as error:
                status, answer = error.status, {"code": 5, "message": str(error)}
            openapi.check_answer(operation, status, answer)
            return status, answer
        except Exception as error:  # a test must see it, whatever the client makes of it
            self.state.violations.append(f"{type(error).__name__}: {error}")
            return 500, {"message": str(error)}

    def _content(self, content: bytes) -> tuple[Any, dict[str, bytes] | None]:
        kind = self.headers.get("Content-Type", "")
        if not kind.startswith("multipart/form-data"):
            return (json.loads(content) if content else None), None
        parser = email.parser.BytesParser(policy=email.policy.HTTP)
        parts = parser.parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + content).iter_parts()
        files = {}
        for part in parts:
            assert str(part.get_filename()).endswith((".yaml", ".yml")), part.get_filename()
            files[str(part.get_param("name", header="content-disposition"))] = part.get_payload(decode=True)
        return None, files

    def _send(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Not to the tests' output."""


def _kept(things: dict[str, dict[str, Any]], key: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    made = {**fields, key: str(uuid.uuid4()), "created_at": NOW}
    things[made[key]] = made
    return made


def _listed(key: str, things: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: things, "total_size": len(things)} if things else {}
