from __future__ import annotations

import hashlib

import keras
import numpy as np

import pipeline.config as c
from pipeline.ml import models, optimizers
from pipeline.ml.compiling import compile_model, make_variables
from pipeline.ml.heads import Head
from pipeline.ml.inputs import ModelInput
from pipeline.ml.stages import Stages

HEAD = Head(c.Head(label="kind", task="multiclass", classes=("a", "b")), ("a", "b"))
IMAGE = ModelInput("image", shape=(32, 32, 3), image=c.Image(height=32, width=32))


def test_a_backbone_is_still_in_its_frozen_epochs_and_learns_afterwards(tmp_path):
    file = tmp_path / "notop.weights.h5"
    made = keras.applications.MobileNet(include_top=False, weights=None, input_shape=(32, 32, 3), alpha=1.0)
    made.save_weights(file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    network = c.Backbone(name="MobileNet", weights=str(file), sha256=digest, frozen_epochs=1)
    model = models.build(network, [IMAGE], [HEAD])
    trainer = c.Trainer(learning_rate=0.01, weight_decay=0.1, global_clipnorm=1.0, ema_momentum=0.9)
    compile_model(model, [HEAD], optimizers.optimizer(trainer, 2, model.trainable_variables))
    pixels = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    batch = {"image": pixels}, {"kind": np.array([[0], [0], [0], [1]])}
    make_variables(model, batch)
    optimizer, names = model.optimizer, [each.path for each in model.optimizer.variables]

    stages = Stages(model, [HEAD], network)
    changed = []
    for epoch in range(2):
        stages.enter(epoch, batch)
        before = {each.path: np.array(each) for each in model.weights}
        model.train_on_batch(*batch)
        changed.append({path for path, array in before.items() if (array != np.array(by_path(model)[path])).any()})
    assert "logits_kind/bias" in changed[0]
    assert changed[0] <= {"logits_kind/bias", "logits_kind/kernel"}
    assert any("batch_normalization" in path or "_bn" in path for path in changed[1])
    assert len(changed[1]) > 100
    assert model.optimizer is optimizer
    assert [each.path for each in optimizer.variables] == names


def by_path(model: keras.Model) -> dict[str, keras.Variable]:
    return {each.path: each for each in model.weights}
