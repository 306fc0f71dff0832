"""A kill at any moment, then --resume: in the end everything is as if nothing had happened.

One run is killed at every moment of every node, one after another, and resumed each time. With
MILLRACE_KILL_MATRIX=full every moment also gets a run of its own.
"""

import functools
import os
import pathlib

import pandas
import pytest

import pipeline.config as c
from pipeline.configs import taxi
from pipeline.runs import RunRecord, list_runs
from tests.acceptance import findings, kills
from tests.pipeline.runners.drive import Driver, context

pytestmark = pytest.mark.acceptance
CHECKOUT = pathlib.Path(__file__).parents[2]
GRAPH = "pipeline.graph"
ROWS = 300
COLUMNS = ["fare", "tips", "payment_type"]
RESOLVERS = {"SpanWindow", "EarlierSpans", "Baseline", "LatestBlessedModel"}


@pytest.fixture(scope="module", autouse=True)
def _preloaded() -> None:
    """Fork the runs from a process that has imported the pipeline."""
    context.set_forkserver_preload(["tests.pipeline.runners.preload", GRAPH, "tests.acceptance.findings"])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("data")
    for span in (1, 2):
        trips = pandas.read_csv(CHECKOUT / f"data/taxi/csv/span-{span}/trips.csv", usecols=COLUMNS, nrows=ROWS)
        (folder / f"span-{span}").mkdir()
        trips.to_csv(folder / f"span-{span}" / "trips.csv", index=False)
    return folder


def config(data: pathlib.Path, root: pathlib.Path) -> c.Config:
    """A small taxi pipeline: few rows and columns, two spans, a gate that any model passes."""
    return c.Config(
        name="taxi",
        data=c.Data(path=f"{data}/span-{{SPAN}}/*.csv", window=2, splits=c.HashSplits(test=0)),
        schema=c.Schema(on_anomalies="warn"),
        heads=taxi.get_config().heads,
        features=(c.ZScore(column="fare"), c.Vocabulary(column="payment_type")),
        model=c.Model(hidden_units=(8,)),
        trainer=c.Trainer(epochs=3, batch_size=32, tensorboard=False),
        evaluator=c.Evaluator(thresholds=(c.Threshold(metric="auc", lower=0.0),), confidence=False),
        project=str(CHECKOUT),
        root=str(root),
    )


def run(settled: c.Config, kill=None, resume: bool = False) -> RunRecord | None:
    """A run in its own process; None when it was killed."""
    try:
        return Driver(settled, GRAPH, before=kill, resume=resume).wait()
    except EOFError:
        return None


def look(record: RunRecord) -> findings.Findings:
    return _elsewhere(findings.look, record)


def loads(settled: c.Config) -> dict[str, bool]:
    return _elsewhere(findings.loads, settled.serving_path)


def _elsewhere(function, *args):
    """Call what needs TensorFlow in a process that has imported it."""
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(sending, function, args))
    process.start()
    sending.close()
    found = receiving.recv()
    process.join()
    return found


def _call(sending, function, args) -> None:
    sending.send(function(*args))
    os._exit(0)


@pytest.fixture(scope="module")
def undisturbed(data, tmp_path_factory) -> tuple[RunRecord, findings.Findings]:
    settled = config(data, tmp_path_factory.mktemp("undisturbed"))
    record = run(settled)
    assert (record.state, record.error) == ("complete", "")
    return record, look(record)


def moments(record: RunRecord) -> list[functools.partial[None]]:
    """Every moment to kill at, in the order in which a run comes to them: the earlier span's nodes go first."""
    targets = [kills.Target("ExampleGen", True), kills.Target("StatisticsGen", True)]
    targets += [kills.Target(node.id) for node in record.nodes]
    found = []
    for target in targets:
        at = [kills.driver]
        at += [kills.after_checkpoint] if target.node == "Trainer" else []
        at += [kills.between_stage_and_rename] if target.node == "Pusher" else []
        at += [] if target.node in RESOLVERS else [kills.executor]
        found += [functools.partial(kill, target) for kill in (*at, kills.publisher, kills.published)]
    return found


def test_killed_at_every_moment_of_every_node_and_resumed_each_time(undisturbed, data, tmp_path):
    record, expected = undisturbed
    # Of nodes that run side by side one may be done when the moment comes at which another is killed.
    settled = config(data, tmp_path).model_copy(update={"machine": c.Machine(cores=1)})
    started = False
    for kill in moments(record):
        ended = run(settled, kill, resume=started)
        started = True
        [latest] = [r for r in list_runs(settled.root_path) if not r.parent]
        assert ended is None or ended.state == "failed", f"{kill} did not happen"
        assert latest.state in ("failed", "killed")
        if kill.args[0].node == "Pusher":
            assert all(loads(settled).values())

    resumed = run(settled, resume=True)
    _same(resumed, settled, expected)
    assert resumed.attempt == len(moments(record)) + 1
    assert {node.state for node in resumed.nodes} == {"kept"}  # the last kill came when all was done


@pytest.mark.skipif(os.environ.get("MILLRACE_KILL_MATRIX") != "full", reason="MILLRACE_KILL_MATRIX=full runs these")
def test_each_moment_on_its_own(undisturbed, data, tmp_path):
    record, expected = undisturbed
    for number, kill in enumerate(moments(record)):
        settled = config(data, tmp_path / str(number))
        assert run(settled, kill) is None or list_runs(settled.root_path)[-1].state == "failed"
        _same(run(settled, resume=True), settled, expected)


def _same(record: RunRecord, settled: c.Config, expected: findings.Findings) -> None:
    assert (record.state, record.error, record.blessed) == ("complete", "", True)
    found = look(record)
    assert found.records == expected.records
    assert found.metrics.keys() == expected.metrics.keys()
    assert found.metrics == pytest.approx(expected.metrics, abs=1e-6, nan_ok=True)
    [version] = loads(settled)  # a number whose push was killed may be left out
    assert loads(settled) == {version: True}
    assert record.pushed == os.path.join(settled.serving_path, version)
    assert findings.under_way(settled.root_path) == 0
    assert not [name for name in os.listdir(settled.serving_path) if name.startswith(".staging")]
