"""A search over ResNets on real digits: depth, width, kernel size, regularisation and learning rate."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest

from components.trials import load
from pipeline import runs

pytestmark = pytest.mark.acceptance

CHECKOUT = pathlib.Path(__file__).parents[2]
SPACE = {
    "model.depth": {"kind": "choice", "values": [20, 32]},
    "model.filters": {"kind": "choice", "values": [2, 4, 8]},
    "model.kernel_size": {"kind": "range", "low": 1, "high": 3, "step": 2},
    "model.l2": {"kind": "range", "low": 1e-6, "high": 1e-3, "log": True},
    "trainer.learning_rate": {"kind": "range", "low": 1e-4, "high": 1e-2, "log": True},
}
SETTINGS = {
    "data.window": 1,
    "features.0.height": 8,
    "features.0.width": 8,
    "features.0.augment": [],
    "trainer.epochs": 1,
    "tuner": {"space": SPACE, "trials": 4, "algorithm": "bayesian", "objective": "val_accuracy"},
}


def test_a_resnet_is_trained_as_the_best_trial_was(tmp_path):
    settings = [part for path, value in SETTINGS.items() for part in ("--set", f"{path}={json.dumps(value)}")]
    command = [sys.executable, "-m", "pipeline.cli.main", "run", "digits", "--root", str(tmp_path), "--to", "Trainer"]
    subprocess.run([*command, *settings], cwd=CHECKOUT, check=True)
    record = [each for each in runs.list_runs(str(tmp_path)) if not each.parent][-1]
    trials = load(record.node("Tuner").artifacts["tuner_results"][0])
    assert len(trials.trials) == 4
    assert not any(trial.error for trial in trials.trials)
    assert len({tuple(trial.values.values()) for trial in trials.trials}) == 4
    best = trials.trials[trials.best]
    model_run = pathlib.Path(record.node("Trainer").artifacts["model_run"][0])
    header, row = (line.split(",") for line in (model_run / "history.csv").read_text().splitlines())
    assert float(dict(zip(header, row, strict=True))["val_accuracy"]) == pytest.approx(best.score, abs=1e-6)
    summary = (model_run / "model.txt").read_text()
    assert f"(None, 8, 8, {best.values['model.filters']})" in summary
    blocks = 3 * (best.values["model.depth"] - 2) // 6
    assert summary.count("(Add)") == blocks
