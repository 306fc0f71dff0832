import os
import pathlib
import re
import sqlite3

import pytest

import pipeline.config as c
from components.errors import ConfigError, ExitCode, InputError
from pipeline.runners.events import NodeFinished, NodeProgress, NodeStarted, RunStarted
from pipeline.runs import RunRecord, list_runs, load_run, save
from tests.pipeline.runners.conftest import Project
from tests.pipeline.runners.drive import Driver, run


def states(record: RunRecord) -> dict[str, str]:
    return {node.id: node.state for node in record.nodes}


def reasons(record: RunRecord) -> dict[str, str]:
    return {node.id: node.reason for node in record.nodes}


def log(record: RunRecord, node: str) -> str:
    return pathlib.Path(record.node(node).log).read_text()


def under_way(project: Project) -> int:
    """Executions that the metadata store believes to be NEW or RUNNING."""
    with sqlite3.connect(f"{project.root}/metadata.sqlite") as store:
        return store.execute("SELECT COUNT(*) FROM Execution WHERE last_known_state IN (1, 2)").fetchone()[0]


def test_a_run_executes_all_nodes_and_records_them(project):
    driver = Driver(project.config())
    record = driver.wait()

    assert (record.state, record.exit_code) == ("complete", ExitCode.OK)
    assert states(record) == {"Ingest": "complete", "Count": "complete", "Trainer": "complete", "Push": "complete"}
    assert set(reasons(record).values()) == {"first run"}
    assert (record.span, record.blessed, record.pushed) == (7, True, record.node("Push").artifacts["pushed"][0])
    assert load_run(project.root, record.id) == record
    weights = pathlib.Path(record.node("Trainer").artifacts["model"][0], "weights")
    assert weights.read_text() == "10"
    assert 100e6 < record.node("Trainer").peak_memory < 2e9
    assert 0 < record.node("Trainer").processor_seconds < 60

    assert driver.events[0] == RunStarted(record.id, tuple(states(record)), os.path.dirname(record.nodes[0].log))
    of_trainer = [e for e in driver.events if getattr(e, "node", "") == "Trainer"]
    assert of_trainer == [NodeStarted("Trainer"), NodeProgress("Trainer", {"epoch": 1, "epochs": 5})]
    assert driver.events[-1] == NodeFinished(record.node("Push"))


def test_a_node_has_a_log_of_its_own_and_only_training_sees_the_gpu(project):
    record = run(project.config())

    assert "Trainer acts" not in log(record, "Push")
    assert "Push acts: nothing" in log(record, "Push")
    assert "Going to run a new execution" in log(record, "Push")  # the launcher's own lines
    assert "gpus: all" in log(record, "Trainer")
    assert "gpus: \n" in log(record, "Push")


def test_an_edit_reruns_exactly_what_depends_on_it(project):
    first = run(project.config())

    again = run(project.config())
    assert set(states(again).values()) == {"cached"}
    assert set(reasons(again).values()) == {f"same inputs, settings and sources as run {first.id}"}
    assert again.pushed == first.pushed

    (project.folder / "helper.py").write_text("import deeper\ndef scale(x):\n    return 2 * x\n")
    (project.folder / "deeper.py").write_text("one = 1\n")
    edited = run(project.config())
    assert states(edited) == {"Ingest": "cached", "Count": "cached", "Trainer": "complete", "Push": "complete"}
    assert reasons(edited)["Trainer"] == "sources changed: deeper.py, helper.py"
    assert reasons(edited)["Push"] == "inputs changed: model"

    (project.folder / "deeper.py").write_text("one = 2\n")
    assert reasons(run(project.config()))["Trainer"] == "sources changed: deeper.py"

    fewer = run(project.config(trainer=c.Trainer(epochs=3)))
    assert states(fewer) == {"Ingest": "cached", "Count": "cached", "Trainer": "complete", "Push": "complete"}
    assert reasons(fewer)["Trainer"] == "settings changed: epochs"

    (project.folder / "data.txt").write_text("a\nb\nc\n")
    assert states(run(project.config())) == dict.fromkeys(states(first), "complete")


def test_without_a_cache_everything_runs(project):
    run(project.config())
    record = run(project.config(cache=False))
    assert set(states(record).values()) == {"complete"}
    assert reasons(record)["Push"] == "caching is off"


def test_force_runs_a_node_anew_and_what_reads_from_it(project):
    run(project.config())
    record = run(project.config(), force=("Trainer",))
    assert states(record) == {"Ingest": "cached", "Count": "cached", "Trainer": "complete", "Push": "complete"}
    assert reasons(record)["Trainer"] == "--force"


def test_part_of_a_pipeline_runs_on_the_outputs_of_an_earlier_run(project):
    whole = run(project.config())

    tail = run(project.config(), first="Push", force=("Push",))
    assert states(tail) == {"Ingest": "kept", "Count": "kept", "Trainer": "kept", "Push": "complete"}
    assert reasons(tail)["Trainer"] == f"outputs of run {whole.id}"
    assert (tail.span, tail.blessed) == (7, True)

    head = run(project.config(), last="Trainer")
    assert states(head) == {"Ingest": "cached", "Count": "skipped", "Trainer": "cached", "Push": "skipped"}

    with pytest.raises(InputError, match=r"--from Trane: there is no such node. Did you mean Trainer\? Nodes: Ingest,"):
        run(project.config(), first="Trane")
    with pytest.raises(InputError, match="--from Count --to Trainer: no node lies between them"):
        run(project.config(), first="Count", last="Trainer")
    assert len(list_runs(project.root)) == 3


def test_a_span_is_that_of_this_attempt(project):
    project.act(Train="crash")
    save(project.root, run(project.config()).model_copy(update={"span": 3}))
    assert run(project.config(), resume=True).span == 7


def test_a_blessing_is_that_of_this_run(project):
    assert run(project.config()).blessed
    project.act(Count="crash")
    failed = run(project.config(), first="Count", force=("Count",))
    assert (failed.state, failed.span, failed.blessed) == ("failed", 7, None)

    project.act(Push="crash")
    assert run(project.config(), resume=True, force=("Push",)).blessed
    project.act(Count="crash")
    again = run(project.config(), resume=True, force=("Count",))
    assert (again.state, again.blessed) == ("failed", None)


def test_the_config_says_which_nodes_see_a_gpu(project):
    resources = {"Trainer": c.Resources(gpus=0), "Push": c.Resources(gpus=1)}
    config = project.config().model_copy(update={"resources": resources})
    record = run(config)
    assert "gpus: \n" in log(record, "Trainer")
    assert "gpus: all" in log(record, "Push")
    config = config.model_copy(update={"resources": {"Trane": c.Resources(gpus=1)}})
    with pytest.raises(InputError, match=r"resources: Trane: there is no such node. Did you mean Trainer\?"):
        run(config)


def test_code_that_there_is_not_is_refused_before_anything_is_on_record(project):
    config = project.config().model_copy(update={"trainer": c.Trainer(optimizer="adma")})
    with pytest.raises(ConfigError, match="trainer.optimizer: Keras knows no 'adma'. Did you mean Adam"):
        run(config)
    assert not list_runs(project.root)


def test_a_partial_run_needs_an_earlier_one(project):
    with pytest.raises(InputError, match="--from Push needs the outputs of Count, Ingest, Trainer, but no earlier run"):
        run(project.config(), first="Push")


@pytest.mark.parametrize(
    ("action", "exit_code", "message"),
    [
        ("gate", ExitCode.GATE, r"^Trainer: 3 anomalies$"),
        ("crash", ExitCode.CRASH, r"^Trainer: ValueError: no such column. Log: .*/logs/Trainer.log$"),
        ("die", ExitCode.CRASH, r"^Trainer: its process was killed by signal 9 \(SIGKILL\), as the kernel does when"),
        ("full", ExitCode.INPUT, r"^Trainer: .*/root: no space left on its disk \([\d,]+ bytes free\). Make room"),
    ],
)
def test_a_failed_node_ends_the_run_which_can_be_resumed(project, action, exit_code, message):
    project.act(Train=action)
    failed = run(project.config())
    assert (failed.state, failed.exit_code) == ("failed", exit_code)
    assert states(failed) == {"Ingest": "complete", "Count": "complete", "Trainer": "failed", "Push": "skipped"}
    assert re.search(message, failed.error)
    assert os.listdir(f"{project.root}/artifacts/Trainer/model") == []
    if action == "crash":
        assert "ValueError: no such column\nsecond line" in log(failed, "Trainer")

    project.act()
    resumed = run(project.config(), resume=True)
    assert (resumed.id, resumed.state, resumed.exit_code) == (failed.id, "complete", ExitCode.OK)
    assert states(resumed) == {"Ingest": "kept", "Count": "kept", "Trainer": "complete", "Push": "complete"}
    assert reasons(resumed)["Trainer"] == "resumed: it had failed"
    assert under_way(project) == 0


def test_resume_reruns_what_was_edited_meanwhile(project):
    project.act(Push="crash")
    failed = run(project.config())
    checkpoints = pathlib.Path(project.root, "checkpoints", failed.id)
    for node in ("Trainer", "Push"):
        (checkpoints / node).mkdir(parents=True)

    project.act()
    (project.folder / "helper.py").write_text("def scale(x):\n    return 3 * x\n")
    resumed = run(project.config(), resume=failed.id)

    assert states(resumed) == {"Ingest": "kept", "Count": "kept", "Trainer": "complete", "Push": "complete"}
    assert reasons(resumed)["Trainer"] == "sources changed: helper.py"
    assert reasons(resumed)["Push"] == "what it reads from Trainer is new"
    assert not (checkpoints / "Trainer").exists()
    [model] = resumed.node("Trainer").artifacts["model"]
    assert pathlib.Path(model, "weights").read_text() == "15"
    assert f'uri: "{model}"' in log(resumed, "Push")  # the new model is what was pushed


def test_resume_says_when_there_is_nothing_to_resume(project):
    with pytest.raises(InputError, match="has no run of tiny yet"):
        run(project.config(), resume=True)
    record = run(project.config())
    with pytest.raises(InputError, match=f"run {record.id} is complete, there is nothing to go on with"):
        run(project.config(), resume=True)
    with pytest.raises(InputError, match=f"No run 'tiny-2' under .*The latest: {record.id}|Did you mean {record.id}"):
        run(project.config(), resume="tiny-2")


def test_a_rejected_model_is_the_gates_exit_code(project):
    (project.folder / "bad").touch()
    record = run(project.config())
    assert (record.state, record.blessed, record.exit_code) == ("complete", False, ExitCode.GATE)


def test_in_process_executors_run_in_the_runner(project):
    driver = Driver(project.config(), in_process=True)
    record = driver.wait()
    assert record.state == "complete"
    assert record.node("Trainer").peak_memory is None
    assert NodeProgress("Trainer", {"epoch": 1, "epochs": 5}) in driver.events


def test_a_root_that_cannot_be_written_is_an_error_before_anything_starts(project):
    (project.folder / "file").touch()
    with pytest.raises(InputError, match=r"file/root: cannot write there \(Not a directory\). Name a writable folder"):
        run(project.config().model_copy(update={"root": "file/root"}))
