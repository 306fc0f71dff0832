"""A metadata store on a server, which several containers write to at once."""

import collections
import os
import re

import ml_metadata
import pytest

from components.errors import ExitCode, InputError
from pipeline import connection
from pipeline.config.embedded import Embedded, versions
from pipeline.runners import store as stores
from pipeline.runs import load_run
from tests import databases
from tests.pipeline.runners.drive import Child
from tests.pipeline.runners.test_task import UPSTREAM

RUNS = ("run-1", "run-2", "run-3", "run-4")


@pytest.fixture(scope="module", params=["mariadb", "postgresql"])
def server(request):
    with getattr(databases, request.param)() as server:
        yield server


@pytest.fixture
def database(server, monkeypatch, request):
    database = server.database(request.node.originalname.replace("test_", "millrace_")[:30])
    monkeypatch.setenv(connection.STORE, database.url)
    monkeypatch.setenv(connection.PASSWORD, database.password)
    return database


def _start(environment, root, run, given):
    from pipeline.runners import start, task

    os.environ.update(environment)
    start.start(task.Place(root, run, f"job-{run}"), given, (), lambda event: None)


def _node(environment, root, run, node):
    from pipeline.runners import task
    from pipeline.runners.fork_server import ForkServer

    os.environ.update(environment)
    task.Spawner = lambda log: ForkServer(close=[log.fileno()])
    return task.run(task.Place(root, run, f"job-{run}"), node, lambda event: None, lambda config, record: [])


def at_once(function, *calls) -> None:
    for child in [Child(function, *call) for call in calls]:
        child.wait()


def type_names(store: ml_metadata.MetadataStore) -> list[tuple[str, str]]:
    of_kinds = (store.get_artifact_types(), store.get_execution_types(), store.get_context_types())
    return sorted((type(each).__name__, each.name) for of_kind in of_kinds for each in of_kind)


def test_four_nodes_at_once_lose_nothing_and_double_nothing(database, project):
    environment = {connection.STORE: database.url, connection.PASSWORD: database.password}
    given = Embedded(project.config(cache=False), UPSTREAM, versions())

    at_once(_start, *((environment, project.root, run, given) for run in RUNS))
    store = ml_metadata.MetadataStore(connection.connection(project.root))
    types = type_names(store)
    assert len(set(types)) == len(types)
    for node in UPSTREAM:
        at_once(_node, *((environment, project.root, run, node) for run in RUNS))

    assert type_names(store) == types  # nodes find all that they ask for: two that made one at once would make two
    records = [load_run(project.root, run) for run in RUNS]
    assert [record.state for record in records] == ["complete"] * len(RUNS)
    executions = store.get_executions()
    assert {execution.last_known_state for execution in executions} == {ml_metadata.proto.Execution.COMPLETE}
    assert len(executions) == len(RUNS) * len(UPSTREAM)
    assert {node.execution for record in records for node in record.nodes} == {each.id for each in executions}
    uris = collections.Counter(artifact.uri for artifact in store.get_artifacts())
    told = [uri for run in records for node in run.nodes for found in node.artifacts.values() for uri in found]
    assert sorted(uris) == sorted(told)
    assert set(uris.values()) == {1}
    runs = [context.name for context in store.get_contexts_by_type("pipeline_run")]
    assert sorted(runs) == sorted(RUNS)


def test_any_text_comes_back_as_it_was(database):
    """Within a `with` of the same store, as the launcher has it, too."""
    text = 'back\\slash, \'quotes\', "double", $1, %s, {"json": "\\n"}, ä, \n'
    with stores.opened(connection.connection("/nowhere")) as metadata, metadata:
        store = metadata.store
        kind = store.put_context_type(ml_metadata.proto.ContextType(name="kind", properties={"text": 3}))
        context = ml_metadata.proto.Context(type_id=kind, name="a\\b")
        context.properties["text"].string_value = context.custom_properties["other"].string_value = text
        store.put_contexts([context])
        found = store.get_context_by_type_and_name("kind", "a\\b")
    assert found.properties["text"].string_value == found.custom_properties["other"].string_value == text
    [listed] = connection.store("/nowhere").get_contexts()
    assert listed.name == "a\\b"


def test_what_cannot_be_used_is_told_before_any_work(database, project, monkeypatch):
    given = Embedded(project.config(), UPSTREAM, versions())
    closed = database.url.replace("127.0.0.1", "127.0.0.2")
    rights = "and the server takes connections: are user, password and database right"
    refused = r"127\.0\.0\.2:\d+: Connection refused \("
    for variable, value, why in ((connection.PASSWORD, "wrong", rights), (connection.STORE, closed, refused)):
        environment = {connection.STORE: database.url, connection.PASSWORD: database.password, variable: value}
        with pytest.raises(
            InputError, match=rf"^the metadata store \w+://millrace@[\d.:]+/\w+ cannot be used: .*{why}"
        ):
            Child(_start, environment, project.root, "run-1", given).wait()
    assert not os.path.exists(f"{project.root}/runs/run-1")


def test_a_server_that_is_gone_is_named_with_the_cause(database, project, monkeypatch):
    """The node may be tried again: the server may be back by then."""
    environment = {connection.STORE: database.url, connection.PASSWORD: database.password}
    Child(_start, environment, project.root, "run-1", Embedded(project.config(), UPSTREAM, versions())).wait()
    gone = database.url.replace("127.0.0.1", "127.0.0.2")
    outcome = Child(_node, {**environment, connection.STORE: gone}, project.root, "run-1", "Ingest").wait()
    said = outcome.facts["error"]
    assert re.match(rf"Ingest: the metadata store {gone} cannot be used: 127\.0\.0\.2:\d+: Connection refused \(", said)
    assert database.password not in said
    assert outcome.facts["exit_code"] == ExitCode.CRASH
