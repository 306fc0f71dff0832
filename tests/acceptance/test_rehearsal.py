"""`millrace rehearse` of taxi and digits: what Kubeflow would run gives what `millrace run` gives."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from components.evaluation_report import result
from pipeline import connection, runs
from pipeline.rehearsal.record import RehearsalRecord
from pipeline.runs import NodeRecord
from tests import databases
from tests.databases import Database
from tests.meanwhile import meanwhile

pytestmark = pytest.mark.acceptance

CHECKOUT = pathlib.Path(__file__).parents[2]
# Without what looks at other spans, as that is a matter of the nodes and not of who starts them.
SMALL = ("drift=null", "data.window=1", "kubeflow.retries.seconds=0")
TAXI = (*SMALL, "trainer.epochs=4")
DIGITS = (*SMALL, "trainer.epochs=1", "duplicates=null", "evaluator.misjudged=[]", "evaluator.thresholds=[]")


@dataclasses.dataclass(frozen=True)
class Rehearsed:
    """A rehearsal, the run that it made under its root, and a local run of the same config under another."""

    root: pathlib.Path
    record: RehearsalRecord
    local: pathlib.Path
    store: Database


def millrace(command: str, config: str, root: pathlib.Path, settings: tuple[str, ...], *more: str) -> Any:
    """Start a command; what it prints goes to a file beside the root."""
    flags = [word for setting in settings for word in ("--set", setting)]
    words = [sys.executable, "-m", "pipeline.cli.main", command, config, "--root", str(root), *flags, *more]
    environment = {**os.environ, connection.PASSWORD: databases.PASSWORD}
    with open(f"{root}.log", "a") as log:
        return subprocess.Popen(words, cwd=CHECKOUT, stdout=log, stderr=log, env=environment)


def ended(process: Any, root: pathlib.Path) -> None:
    """Wait for a command, which must succeed."""
    assert process.wait(1200) == 0, pathlib.Path(f"{root}.log").read_text()


def latest(root: pathlib.Path) -> RehearsalRecord:
    """The last rehearsal under a root."""
    found = [RehearsalRecord.model_validate_json(path.read_text()) for path in root.glob("rehearsals/*/rehearsal.json")]
    return max(found, key=lambda record: record.started)


@contextlib.contextmanager
def training_killed_once(root: pathlib.Path) -> Iterator[list[int]]:
    """SIGKILL to the Trainer's container, as to a pod on a node that goes away, once it has written a checkpoint."""
    killed: list[int] = []

    def kill() -> None:
        if not killed and list(root.glob("checkpoints/*/Trainer/*.npz")):
            killed.extend(containers(root, "Trainer"))
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    with meanwhile(kill, every=0.05):
        yield killed


def containers(root: pathlib.Path, node: str) -> Iterator[int]:
    """The first processes of the node's containers."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if words[3:5] == [b"node", node.encode()] and str(root).encode() in words:
                yield int(folder.name)


@pytest.fixture(scope="module")
def stores() -> Iterator[dict[str, Database]]:
    """Of the rehearsals, on servers as a cluster has them."""
    with databases.mariadb() as mariadb, databases.postgresql() as postgresql:
        yield {"taxi": mariadb.database(), "digits": postgresql.database()}


@pytest.fixture(scope="module")
def rehearsed(stores: dict[str, Database], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rehearsed]:
    """Both configs, rehearsed and run, side by side: each is a chain of processes that import, one after the other."""
    found, folder = {}, tmp_path_factory.mktemp("rehearsal")
    settings = {"taxi": TAXI, "digits": DIGITS}
    roots = {config: (folder / config, folder / f"{config}-local") for config in settings}
    with training_killed_once(roots["taxi"][0]) as killed:
        started = []
        for config, (root, local) in roots.items():
            on = ("--store", stores[config].url)
            started.append((millrace("rehearse", config, root, settings[config], *on), root))
            started.append((millrace("run", config, local, settings[config]), local))
        for process, root in started:
            ended(process, root)
    assert len(killed) == 1
    for config, (root, local) in roots.items():
        found[config] = Rehearsed(root, latest(root), local, stores[config])
    return found


def node(root: pathlib.Path, name: str) -> NodeRecord:
    """A node of the last run under a root."""
    record = [each for each in runs.list_runs(str(root)) if not each.parent][-1]
    found = record.node(name)
    assert found is not None
    return found


def metrics(root: pathlib.Path) -> dict[str, float]:
    """What the report says of all slices; NaN is what cannot be computed."""
    [folder] = node(root, "EvaluationReport").artifacts["report"]
    return {
        f"{head.name} {each.slice} {name}": math.nan if cell.candidate.value is None else cell.candidate.value
        for head in result.load(folder).heads
        for each in head.slices
        for name, cell in each.metrics.items()
    }


@pytest.mark.parametrize("config", ["taxi", "digits"])
def test_all_nodes_succeed_with_the_local_run_s_metrics(rehearsed: dict[str, Rehearsed], config: str) -> None:
    found = rehearsed[config]
    assert found.record.exit_code == 0
    assert {task.state for task in found.record.tasks} == {"succeeded"}
    there, here = metrics(found.root), metrics(found.local)
    assert len(there) >= 5
    # The Evaluator's sums depend on how Beam cuts the examples into batches, and that on the time they take.
    assert there == pytest.approx(here, rel=1e-6, nan_ok=True)
    assert (found.root / "serving" / config / "1").is_dir()


def test_a_killed_training_goes_on_from_its_checkpoint(rehearsed: dict[str, Rehearsed]) -> None:
    first, second = rehearsed["taxi"].record.task("trainer").tries
    assert first.exit_code == 137
    assert second.exit_code == 0
    told = [line for line in pathlib.Path(second.log).read_text().splitlines() if line.startswith("Trainer epoch")]
    assert told
    assert not told[0].startswith("Trainer epoch 1/4")


def test_the_interface_would_show_the_report_and_its_numbers(rehearsed: dict[str, Rehearsed]) -> None:
    shown = rehearsed["taxi"].record.task("evaluation-report").artifacts
    assert shown["metrics"].metadata["auc"] == metrics(rehearsed["taxi"].root)["big_tipper {} auc"]
    assert shown["page"].file is not None
    assert "<html" in pathlib.Path(shown["page"].file).read_text()[:500]
    assert shown["report"].uri == node(rehearsed["taxi"].root, "EvaluationReport").artifacts["report"][0]


def test_a_second_rehearsal_is_cached_up_to_what_its_parameter_changes(rehearsed: dict[str, Rehearsed]) -> None:
    """The parameter of the compiled pipeline is another; the model of the first one is its Evaluator's baseline."""
    root = rehearsed["taxi"].root
    model = node(root, "Trainer").artifacts["model"]
    on = ("--store", rehearsed["taxi"].store.url)
    ended(millrace("rehearse", "taxi", root, TAXI, "--param", "trainer_epochs=5", *on), root)
    states = {each.id: each.state for each in [each for each in runs.list_runs(str(root)) if not each.parent][-1].nodes}
    cached = {"ExampleGen", "StatisticsGen", "SchemaGen", "ExampleValidator", "AnomalyGate", "Transform"}
    assert {name for name, state in states.items() if state == "cached"} == cached
    assert states["Trainer"] == states["Evaluator"] == "complete"
    assert node(root, "Baseline").artifacts["model"] == model
    [folder] = node(root, "EvaluationReport").artifacts["report"]
    compared = result.load(folder).heads[0].slices[0].metrics["auc"]
    assert compared.baseline is not None
