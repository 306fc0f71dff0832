"""`millrace run` with a search: the best values reach the Trainer, and nothing is searched twice."""

from __future__ import annotations

import json
import os
import pathlib
import random
import textwrap

import pytest

from components.trials import PLOT, load
from pipeline import runs
from tests.pipeline.cli import shell

pytestmark = pytest.mark.acceptance

CONFIG = """
    import pipeline.config as c


    def get_config():
        return c.Config(
            name="shop",
            data=c.Data(path="rows.csv", splits=c.HashSplits(train=4, eval=1, test=0)),
            heads=(c.Head(label="bought", metrics=("binary_accuracy",)),),
            features=(c.ZScore(column="x"),),
            model=c.Model(hidden_units=(3,)),
            trainer=c.Trainer(epochs=1, batch_size=32, tensorboard=False),
            tuner=c.Tuner(
                space={
                    "model.hidden_units": c.Choice((4,), (5, 2)),
                    "trainer.learning_rate": c.Range(1e-3, 1e-1, log=True),
                },
                trials=2,
                epochs=1,
                objective="val_binary_accuracy",
            ),
        )
"""


class Shop:
    """A user's folder, in which the sign of x decides."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        toss = random.Random(0)
        xs = [toss.uniform(-1, 1) for _ in range(200)]
        (folder / "rows.csv").write_text("x,bought\n" + "\n".join(f"{x},{int(x > 0)}" for x in xs))
        (folder / "shop.py").write_text(textwrap.dedent(CONFIG))

    def run(self, *settings: str) -> tuple[shell.Answer, runs.RunRecord]:
        """Train, and go no further."""
        sets = [part for each in settings for part in ("--set", each)]
        answer = shell.millrace("run", self.folder / "shop.py", "--to", "Trainer", *sets)
        return answer, runs.list_runs(str(self.folder / "runs"))[-1]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return Shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def first(shop):
    return shop.run()


def test_the_best_values_are_told_and_trained_with(shop, first):
    answer, record = first
    assert answer.code == 0, answer.out + answer.err
    [folder] = record.node("Tuner").artifacts["tuner_results"]
    trials = load(folder)
    assert len(trials.trials) == 2
    best = trials.trials[trials.best].values
    [model_run] = record.node("Trainer").artifacts["model_run"]
    rate = float((pathlib.Path(model_run) / "history.csv").read_text().split(",")[-1])
    assert rate == pytest.approx(best["trainer.learning_rate"], rel=1e-5)
    summary = (pathlib.Path(model_run) / "model.txt").read_text()
    assert f"(None, {best['model.hidden_units'][0]})" in summary
    assert "(None, 3)" not in summary
    assert "Tuner trial 2/2  epoch 1/1" in answer.out
    assert f"model.hidden_units={json.dumps(best['model.hidden_units'])}, trainer.learning_rate=" in answer.out
    assert os.path.join(folder, PLOT) in answer.out
    assert not os.path.exists(shop.folder / "runs" / "checkpoints" / record.id / "Tuner")
    shown = shell.millrace("show", "--root", shop.folder / "runs")
    assert os.path.join(folder, PLOT) in shown.out


def test_what_trials_do_not_depend_on_searches_nothing_again(shop, first):
    _, record = shop.run("trainer.epochs=2", "evaluator.slices=[]")
    assert record.node("Tuner").state == "cached"
    assert record.node("Trainer").state == "complete"
    assert "epochs" in record.node("Trainer").reason


def test_another_space_is_another_search(shop, first):
    space = {"model.hidden_units": {"kind": "choice", "values": [[6], [7]]}}
    answer, record = shop.run(f"tuner.space={json.dumps(space)}")
    assert answer.code == 0, answer.out + answer.err
    assert record.node("Transform").state == "cached"
    assert "tuner.space" in record.node("Tuner").reason
    [model_run] = record.node("Trainer").artifacts["model_run"]
    summary = (pathlib.Path(model_run) / "model.txt").read_text()
    assert "(None, 6)" in summary or "(None, 7)" in summary
