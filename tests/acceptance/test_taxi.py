"""The main job as a user runs it: `make run` on the real trips, again, and from TFRecord."""

import gzip
import json
import pathlib
import subprocess

import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv

from pipeline import runs
from pipeline.runs import NodeRecord, RunRecord

CHECKOUT = pathlib.Path(__file__).parents[2]

pytestmark = pytest.mark.acceptance


def make_run(root: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "run", f"ARGS=--root {root} {' '.join(arguments)}"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


def latest(root: pathlib.Path) -> RunRecord:
    return runs.list_runs(str(root))[-1]


def node(record: RunRecord, name: str) -> NodeRecord:
    found = record.node(name)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, str, RunRecord]:
    """A root after `make run`, what that printed, and its record."""
    root = tmp_path_factory.mktemp("taxi")
    answer = make_run(root)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    (record,) = [record for record in runs.list_runs(str(root)) if not record.parent]
    return root, answer.stdout, record


def test_the_summary_says_where_everything_is(first: tuple[pathlib.Path, str, RunRecord]) -> None:
    root, said, record = first
    assert record.id in said
    assert "payment_type=Cash" in said
    assert "blessed" in said
    assert f"{root}/serving/taxi/1" in said
    assert node(record, "EvaluationReport").artifacts["report"][0] in said
    assert f"{root}/runs/{record.id}/logs" in said


def test_the_pushed_model_tells_who_tips(first: tuple[pathlib.Path, str, RunRecord]) -> None:
    root, _, record = first
    model = tf.saved_model.load(f"{root}/serving/taxi/1")
    shard = sorted(pathlib.Path(node(record, "ExampleGen").artifacts["examples"][0], "Split-eval").iterdir())[0]
    examples = list(tf.data.TFRecordDataset(str(shard), "GZIP").take(64).as_numpy_iterator())
    answer = model.signatures["serving_default"](tf.constant(examples))
    assert answer["scores"].shape == (64, 2)
    assert set(answer["classes"].numpy()[0]) == {b"0", b"1"}


def test_all_three_spans_are_trained_on(first: tuple[pathlib.Path, str, RunRecord]) -> None:
    root, _, record = first
    assert record.span == 3
    assert len(node(record, "SpanWindow").artifacts["examples"]) == 3
    assert len([part for part in runs.list_runs(str(root)) if part.parent == record.id]) == 2


def test_a_second_run_does_no_work(first: tuple[pathlib.Path, str, RunRecord]) -> None:
    root, _, _ = first
    answer = make_run(root)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    again = latest(root)
    looked_up = {"SpanWindow", "EarlierSpans", "Baseline"}
    assert {n.id: n.state for n in again.nodes if n.state != "cached"} == dict.fromkeys(looked_up, "complete")
    assert [path.name for path in (root / "serving/taxi").glob("[0-9]*")] == ["1"]


def statistics(record: RunRecord) -> dict[str, dict[str, object]]:
    """The statistics of each split, by feature, without what depends on the order of the rows."""
    (uri,) = node(record, "StatisticsGen").artifacts["statistics"]
    return {
        split: {
            feature.path.step[0]: (feature.num_stats.mean, feature.num_stats.std_dev, feature.string_stats.unique)
            for feature in tfdv.load_stats_binary(f"{uri}/Split-{split}/FeatureStats.pb").datasets[0].features
        }
        for split in ("train", "eval", "test")
    }


@pytest.mark.parametrize("zipped", [False, True])
def test_tfrecord_gives_the_same_statistics(
    first: tuple[pathlib.Path, str, RunRecord], tmp_path: pathlib.Path, zipped: bool
) -> None:
    """One field of the config away: the same records as TFRecord, in another order of files."""
    _, _, from_csv = first
    suffix = ".gz" if zipped else ""
    (examples,) = node(from_csv, "ExampleGen").artifacts["examples"]
    (tmp_path / "span-3").mkdir()
    for shard in pathlib.Path(examples).glob("Split-*/*"):
        content = shard.read_bytes() if zipped else gzip.decompress(shard.read_bytes())
        (tmp_path / "span-3" / f"{shard.parent.name}-{shard.stem}.tfrecord{suffix}").write_bytes(content)
    answer = make_run(
        tmp_path / "root",
        "--set data.format=tfrecord",
        f"--set data.path={tmp_path}/span-{{SPAN}}/*.tfrecord{suffix}",
        "--set trainer.epochs=1",
        "" if zipped else "--to StatisticsGen",
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    record = latest(tmp_path / "root")
    mine, theirs = statistics(record), statistics(from_csv)
    assert mine.keys() == theirs.keys()
    for split in mine:
        assert mine[split] == {name: pytest.approx(value, rel=1e-9) for name, value in theirs[split].items()}
    assert (record.pushed is not None) == zipped


def test_the_record_is_plain_json(first: tuple[pathlib.Path, str, RunRecord]) -> None:
    root, _, record = first
    answer = subprocess.run(
        [CHECKOUT / ".venv/bin/millrace", "show", record.id, "--json", "--root", str(root)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(answer.stdout)["id"] == record.id
