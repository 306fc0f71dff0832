"""Gates of a whole run: exit code 1, a message that says what missed what, and nothing pushed."""

import random
import re
import textwrap

import pytest

from pipeline import runs
from tests.pipeline.cli.shell import millrace

CONFIG = """
    import pipeline.config as c


    def get_config():
        return c.Config(
            name="gated",
            data=c.Data(path="rows.csv", splits=c.HashSplits(train=1, eval=1, test=0)),
            heads=(c.Head(label="y"),),
            features=(c.ZScore(column="x"),),
            trainer=c.Trainer(epochs=4, learning_rate=0.01, batch_size=32, tensorboard=False),
            evaluator=c.Evaluator(slices=(("kind",),), confidence=False),
        )


    def not_a_number(truth, prediction):
        return (prediction - truth) * float("nan")
"""
MISSED = r"{} is (0\.\d+), required at least {} \(missed by (0\.\d+)\)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A user's folder. In rows of kind a the label follows x, in those of kind b it is a toss of a coin."""
    folder = tmp_path_factory.mktemp("gated")
    toss = random.Random(0)
    rows = ["x,kind,y"]
    for number in range(400):
        x, kind = toss.uniform(-1, 1), "ab"[number % 2]
        rows.append(f"{x},{kind},{int(x > 0) if kind == 'a' else toss.randrange(2)}")
    (folder / "rows.csv").write_text("\n".join(rows))
    (folder / "gated.py").write_text(textwrap.dedent(CONFIG))
    return folder


def run(folder, *settings):
    """A run of which nothing must come out but a message; the message, and the run's record."""
    answer = millrace("run", folder / "gated.py", *(part for each in settings for part in ("--set", each)))
    assert answer.code == 1
    assert "Traceback" not in answer.out + answer.err
    assert re.search(r"^model +not pushed *$", answer.out, re.MULTILINE)
    assert not (folder / "runs/serving").exists()
    record = runs.list_runs(str(folder / "runs"))[-1]
    assert (record.exit_code, record.pushed) == (1, None)
    return answer.err, record


def test_a_missed_threshold_is_named_with_the_distance(folder):
    err, record = run(folder, "evaluator.thresholds=[{'metric': 'auc', 'lower': 0.99}]")
    assert err.startswith("millrace: the Evaluator rejected the model, so it is not pushed:\n")
    value, distance = re.search(MISSED.format("auc on all examples", r"0\.99"), err).groups()
    assert float(value) + float(distance) == pytest.approx(0.99, abs=1e-3)
    assert (record.state, record.blessed) == ("complete", False)


def test_a_missed_threshold_of_a_slice_is_named_and_no_other(folder):
    bounds = [{"metric": "accuracy", "lower": 0.9, "slice": {"kind": kind}} for kind in "ab"]
    err, record = run(folder, f"evaluator.thresholds={bounds}")
    assert re.search(MISSED.format("accuracy on kind=b", r"0\.9"), err)
    assert "kind=a" not in err
    assert record.node("Trainer").state == "cached"


@pytest.mark.parametrize("setting", ["heads.0.loss=gated.py:not_a_number", "trainer.learning_rate=1e38"])
def test_a_loss_that_is_no_number_ends_the_run(folder, setting):
    err, record = run(folder, setting)
    assert re.match(r"millrace: Trainer: the loss is (nan|inf) at epoch 1, step \d+; training stopped", err)
    assert "trainer.learning_rate" in err
    states = {node.id: node.state for node in record.nodes}
    assert (states["Transform"], states["Trainer"], states["Pusher"]) == ("cached", "failed", "skipped")
