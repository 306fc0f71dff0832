from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import pipeline.config as c
from components.errors import ConfigError
from pipeline.ml import distribution
from tests.pipeline.ml.test_training import assert_same_training, changed
from tests.pipeline.ml.transformed import Transformed, example, taxi_rows


def test_without_several_gpus_nothing_is_distributed():
    assert distribution.strategy(c.Trainer()).num_replicas_in_sync == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"xla": True}, "trainer.xla works on one GPU, and 2 are visible: give trainer.distribute=False"),
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
    weight, scale, clipped = map(float, in_two_devices())
    # The second device alone overflows: none takes the step.
    assert (weight, scale) == (1.0, 0.5)
    # The sum of the gradients is clipped.
    assert clipped == 0.5


@pytest.mark.acceptance
def test_two_devices_train_as_one_and_go_on_where_they_were_killed(taxi: Transformed, tmp_path):
    def arguments(folder: str, **fields: Any) -> Any:
        # 400 rows make six batches of 64 and one of 16, which two devices share equally. The gradients of embeddings
        # are sparse, and clipping must see their sum.
        settings = changed(
            taxi, tensorboard=True, learning_rate=0.01, weight_decay=0.1, ema_momentum=0.9, global_clipnorm=0.1,
            checkpoint_steps=2, **fields,
        )  # fmt: skip
        return taxi.fn_args(str(tmp_path / folder), settings)

    # It is killed in its ninth step, and has the eighth's checkpoint; what is left is less than nine steps.
    killed = arguments("killed", callbacks=("tests.pipeline.ml.user_code.KillAt",))
    own = arguments("own", train_step="tests.pipeline.ml.user_code.plain_step")
    file = tmp_path / "arguments.pickle"
    file.write_bytes(pickle.dumps([arguments("one", distribute=False), arguments("two"), own, killed, killed]))
    assert in_two_devices(str(file)) == ["trained", "trained", "trained", "killed", "trained"]
    for folder in ("two", "own", "killed"):
        assert_same_training(str(tmp_path / "one"), str(tmp_path / folder))
    examples = tf.constant([example(row) for row in taxi_rows(5)])
    one, two = (
        tf.saved_model.load(str(tmp_path / folder / "model")).signatures["evaluate"](examples)["big_tipper"]
        for folder in ("one", "two")
    )
    np.testing.assert_allclose(one, two, atol=1e-5)
