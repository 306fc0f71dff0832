"""A run on a cluster, container by container: each call here is a process of its own, as a container is."""

import os
import pathlib
import re
import signal
import time

import pytest

import pipeline.config as c
from components.errors import ConfigError, ExitCode, InputError
from pipeline.config.embedded import Embedded, versions
from pipeline.runners.task import Place
from pipeline.runs import Outcome, RunRecord, load_run, save_outcome
from tests.pipeline.runners.conftest import Project
from tests.pipeline.runners.drive import Child, run
from tests.pipeline.runners.test_interruptions import asleep, gone, until
from tests.pipeline.runners.test_local import under_way

UPSTREAM = {"Ingest": (), "Count": ("Ingest",), "Trainer": ("Ingest",), "Push": ("Count", "Trainer")}
RUN = "run-1"


class Cluster:
    """Starts containers."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.config = project.config()

    def start(self, job: str, settings=(), upstream=UPSTREAM, compiled_with=None, root=None, run=RUN) -> None:
        given = Embedded(self.config, upstream, compiled_with or versions())
        Child(_start, root or self.project.root, job, given, settings, run).wait()

    def begin(self, job: str, node: str) -> Child:
        return Child(_node, self.project.root, job, node)

    def node(self, job: str, node: str) -> Outcome:
        return self.begin(job, node).wait()

    def nodes(self, job: str, *nodes: str) -> RunRecord:
        for node in nodes:
            self.node(job, node)
        return load_run(self.project.root, RUN)

    @property
    def ended(self) -> list[str]:
        """What was told of ends of runs."""
        told = pathlib.Path(self.project.root, "told")
        return told.read_text().splitlines() if told.exists() else []


def _start(root, job, given, settings, run=RUN):
    from pipeline.runners import start, task

    start.start(task.Place(root, run, job), given, settings, lambda event: None)


def _node(root, job, node):
    from pipeline.runners import task
    from pipeline.runners.fork_server import ForkServer

    def tell(config, record):
        with open(os.path.join(root, "told"), "a") as file:
            file.write(f"{config.name} {record.state} {record.error}\n")
        return []

    # Importing TFX for each executor would take minutes; that a Spawner's process does so is tested apart.
    task.Spawner = lambda log: ForkServer(close=[log.fileno()])
    return task.run(task.Place(root, RUN, job), node, lambda event: None, tell)


@pytest.fixture
def cluster(project) -> Cluster:
    return Cluster(project)


def states(record: RunRecord) -> dict[str, str]:
    return {node.id: node.state for node in record.nodes}


def test_a_run_is_what_it_would_be_on_one_machine(cluster, project):
    cluster.start("a")
    begun = load_run(project.root, RUN)
    assert (begun.state, set(states(begun).values())) == ("running", {"pending"})

    record = cluster.nodes("a", *UPSTREAM)

    assert (record.state, record.exit_code, record.span, record.blessed) == ("complete", ExitCode.OK, 7, True)
    assert record.pushed == record.node("Push").artifacts["pushed"][0]
    assert record.finished > record.started
    assert cluster.ended == ["tiny complete "]
    local = run(project.config())  # and it finds in the store what the cluster's has left there
    assert set(states(local).values()) == {"cached"}
    assert {n.id: n.artifacts for n in local.nodes} == {n.id: n.artifacts for n in record.nodes}
    assert local.node("Trainer").reason == f"same inputs, settings and sources as run {RUN}"


def test_a_parameter_sets_a_field(cluster):
    cluster.start("a", ["trainer.epochs=7"])
    record = cluster.nodes("a", "Ingest", "Trainer")
    assert pathlib.Path(record.node("Trainer").artifacts["model"][0], "weights").read_text() == "14"


def test_nodes_run_side_by_side_on_one_file(cluster):
    cluster.start("a")
    cluster.node("a", "Ingest")
    both = [cluster.begin("a", node) for node in ("Count", "Trainer")]
    assert [child.wait().node.state for child in both] == ["complete", "complete"]
    assert cluster.nodes("a", "Push").state == "complete"


def test_a_gates_no_is_not_asked_for_twice(cluster, project):
    project.act(Count="gate")
    cluster.start("a")
    cluster.node("a", "Ingest")
    for _ in range(2):
        outcome = cluster.node("a", "Count")
        assert (outcome.node.state, outcome.facts["exit_code"]) == ("failed", ExitCode.GATE)
    record = load_run(project.root, RUN)
    assert (record.state, record.finished, cluster.ended) == ("running", None, [])  # the Trainer is still to run
    record = cluster.nodes("a", "Trainer")
    assert (record.state, record.exit_code, record.error) == ("failed", ExitCode.GATE, "Count: 3 anomalies")
    assert states(record) == {"Ingest": "complete", "Count": "failed", "Trainer": "complete", "Push": "skipped"}
    assert cluster.ended == ["tiny failed Count: 3 anomalies"]
    executions = list(pathlib.Path(project.root, "artifacts/Count/.system/executor_execution").glob("*"))
    assert len(executions) == 1


@pytest.mark.parametrize(("action", "code"), [("crash", ExitCode.CRASH), ("away", ExitCode.UNAVAILABLE)])
def test_what_may_pass_is_tried_again(cluster, project, action, code):
    project.act(Train=action)
    cluster.start("a")
    cluster.node("a", "Ingest")
    assert cluster.node("a", "Trainer").facts["exit_code"] == code
    project.act()
    assert cluster.nodes("a", "Trainer", "Count", "Push").state == "complete"


def killed_while_training(cluster: Cluster, job: str) -> None:
    cluster.project.act(Train="sleep")
    child = cluster.begin(job, "Trainer")
    asleep = cluster.project.folder / "asleep-Train"
    while not (asleep.exists() and asleep.read_text()):
        time.sleep(0.05)
    os.kill(child.process.pid, signal.SIGKILL)
    with pytest.raises(EOFError):
        child.wait()
    cluster.project.act()


def test_a_killed_container_is_tried_again(cluster, project):
    cluster.start("a")
    cluster.nodes("a", "Ingest", "Count")
    killed_while_training(cluster, "a")
    record = load_run(project.root, RUN)
    assert (record.state, record.node("Trainer").state) == ("running", "running")

    outcome = cluster.node("a", "Trainer")

    assert outcome.node.state == "complete"
    [model] = outcome.node.artifacts["model"]
    assert [folder.name for folder in pathlib.Path(model).parent.iterdir()] == [os.path.basename(model)]


def test_a_lost_job_is_gone_on_with_by_another(cluster, project):
    cluster.start("a")
    cluster.nodes("a", "Ingest", "Count")
    killed_while_training(cluster, "a")

    cluster.start("b")
    with pytest.raises(InputError, match=r"run run-1 belongs to job b, .* Received: a"):
        cluster.node("a", "Trainer")
    record = cluster.nodes("b", *UPSTREAM)

    assert states(record) == {"Ingest": "kept", "Count": "kept", "Trainer": "complete", "Push": "complete"}
    assert (record.state, record.attempt, record.blessed) == ("complete", 2, True)
    assert record.node("Trainer").reason == "resumed: it had been interrupted"


def test_a_start_that_was_through_is_not_done_again(cluster, project):
    cluster.start("a")
    cluster.node("a", "Ingest")
    before = load_run(project.root, RUN)
    cluster.start("a")
    assert load_run(project.root, RUN) == before


def test_a_job_must_be_of_the_graph_and_the_versions_that_it_was_compiled_with(cluster):
    with pytest.raises(ConfigError, match="the parameters change the graph at Report, "):
        cluster.start("a", upstream={**UPSTREAM, "Report": ()})
    with pytest.raises(ConfigError, match="the parameters change the graph at Push, "):
        cluster.start("a", upstream={**UPSTREAM, "Push": ("Trainer",)})
    with pytest.raises(InputError, match=re.escape("was compiled with millrace 0.0.1 (here ")):
        cluster.start("a", compiled_with={**versions(), "millrace": "0.0.1"})


@pytest.mark.parametrize("run", ["../other", "", "a/b", "-x", "ä"])
def test_a_runs_id_is_a_name_of_a_folder(run):
    with pytest.raises(InputError, match=f"run_id: write letters, .* Received: {run!r}"):
        Place("/root", run, "job")


def test_a_container_says_what_it_does_not_find(cluster, project):
    with pytest.raises(InputError, match="No run 'run-1'"):
        cluster.node("a", "Ingest")
    cluster.start("a")
    with pytest.raises(InputError, match="no such node. Its nodes: Ingest, Count, Trainer, Push"):
        cluster.node("a", "Report")
    os.remove(os.path.join(project.root, "runs", RUN, "plan.json"))
    with pytest.raises(InputError, match=r"plan.json: .* Is pipeline_root on a volume that all tasks share"):
        cluster.node("a", "Ingest")


def spans(project, *numbers):
    """A config of a window over data in these spans."""
    for number in numbers:
        (project.folder / f"data-{number}.txt").write_text(f"{number}\n")
    data = c.Data(path="data-{SPAN}.txt", window=len(numbers))
    return project.config().model_copy(update={"data": data})


def test_the_start_ingests_what_a_window_lacks(cluster, project):
    cluster.config = spans(project, 1, 2, 3)
    cluster.start("a")
    parts = [load_run(project.root, f"{RUN}-span-{span}") for span in (1, 2)]
    assert [part.state for part in parts] == ["complete", "complete"]
    assert {part.parent for part in parts} == {RUN}
    assert cluster.nodes("a", *UPSTREAM).state == "complete"


def test_a_job_goes_on_with_whole_runs_of_its_pipeline(cluster, project):
    cluster.config = spans(project, 1, 2)
    cluster.start("a")
    with pytest.raises(InputError, match=rf"run_id {RUN}-span-1: it belongs to run {RUN}\. Resume that one"):
        cluster.start("b", run=f"{RUN}-span-1")
    cluster.config = cluster.config.model_copy(update={"name": "other"})
    with pytest.raises(InputError, match=f"run_id {RUN}: it is a run of tiny, not of other"):
        cluster.start("b")


def test_a_job_may_go_on_with_a_run_whose_last_container_was_lost_after_its_end(cluster):
    cluster.start("a")
    assert cluster.nodes("a", *UPSTREAM).state == "complete"
    cluster.start("b")
    record = cluster.nodes("b", *UPSTREAM)
    assert (record.state, set(states(record).values())) == ("complete", {"kept"})


def test_a_start_that_was_killed_while_it_ingested_leaves_nothing_under_way(cluster, project):
    cluster.config = spans(project, 1, 2, 3)
    project.act(Ingest="sleep")
    first = Child(_start, project.root, "a", Embedded(cluster.config, UPSTREAM, versions()), ())
    pid = asleep(project, "Ingest")[0]
    os.killpg(first.process.pid, signal.SIGKILL)
    with pytest.raises(EOFError):
        first.wait()
    until(lambda: gone([pid]))
    assert under_way(project) == 1

    project.act()
    cluster.start("a")
    assert under_way(project) == 0
    assert cluster.nodes("a", *UPSTREAM).state == "complete"


def test_a_container_of_a_lost_job_writes_into_its_own_attempt(cluster, project):
    cluster.start("a")
    late = cluster.node("a", "Ingest")
    cluster.start("b")
    save_outcome(project.root, RUN, late.model_copy(update={"node": late.node.model_copy(update={"state": "failed"})}))
    assert cluster.nodes("b", *UPSTREAM).state == "complete"
