from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

import pipeline.config as c
from components.errors import ConfigError
from pipeline.ml import distribution


def test_without_several_gpus_nothing_is_distributed():
    assert distribution.strategy(c.Trainer()).num_replicas_in_sync == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"xla": True}, "trainer.xla works on one GPU, and there are 2: give trainer.distribute=False"),
        ({"batch_size": 1}, "trainer.batch_size=1 cannot be shared by 2 GPUs"),
    ],
    ids=str,
)
def test_what_several_gpus_cannot_share_is_refused(monkeypatch, fields, message):
    monkeypatch.setattr(distribution, "gpus", lambda: ["GPU:0", "GPU:1"])
    with pytest.raises(ConfigError, match=message):
        distribution.strategy(c.Trainer(**fields))
    assert distribution.strategy(c.Trainer(distribute=False, **fields)).num_replicas_in_sync == 1


def in_two_devices(*arguments: str) -> list[str]:
    command = [sys.executable, "-m", "tests.pipeline.ml.two_devices", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.split()


def test_devices_take_one_step_together():
    *devices, weight, scale, clipped = in_two_devices()
    # Numbers, text, and both where nobody asks for it.
    assert devices == ["CPU:1", "CPU:0", "CPU:0", "CPU:0"]
    weight, scale, clipped = float(weight), float(scale), float(clipped)
    # The second device alone overflows: none takes the step.
    assert (weight, scale) == (1.0, 0.5)
    # The sum of the gradients is clipped.
    assert clipped == 0.5


@pytest.mark.acceptance
def test_two_devices_train_as_one_and_go_on_where_they_were_killed(tmp_path):
    in_two_devices(str(tmp_path))
    outcomes = pickle.loads((tmp_path / "outcomes.pickle").read_bytes())
    weights, rows, predictions = outcomes.pop("one")
    assert len(rows) == 2
    assert set(outcomes) == {"killed", "own", "at hand"}
    for name, (their_weights, their_rows, their_predictions) in outcomes.items():
        for one, two in zip(weights, their_weights, strict=True):
            np.testing.assert_allclose(one, two, atol=1e-6, err_msg=name)
        assert their_rows == [pytest.approx(row, abs=1e-6) for row in rows]
        np.testing.assert_allclose(predictions, their_predictions, atol=1e-5, err_msg=name)
