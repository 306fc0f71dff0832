from __future__ import annotations

from typing import Optional

import pytest

import pipeline.config as c
from tests.pipeline.ml.loops import data_of, loop_of, settings_of, trainer


@pytest.mark.parametrize(
    ("stop", "kept"),
    [
        (None, 2),
        (c.EarlyStopping(monitor="val_accuracy", restore_best=False, min_delta=1.0), 2),
        # Nothing is an improvement of that much, so that the first epoch stays the best.
        (c.EarlyStopping(monitor="val_accuracy", min_delta=1.0), 0),
    ],
    ids=["none", "last", "best"],
)
def test_the_numbers_kept_are_those_of_the_weights_that_keras_leaves(
    tmp_path, stop: Optional[c.EarlyStopping], kept: int
):
    settings = settings_of(trainer(epochs=3, early_stopping=stop))
    loop = loop_of(str(tmp_path), settings, data_of(settings))
    trained = loop.run()
    assert trained.kept == trained.rows[kept]
    loss = loop.model.evaluate(loop.data.evaluation.epoch(0), verbose=0, return_dict=True)["loss"]
    assert trained.kept["val_loss"] == pytest.approx(loss, abs=1e-6)
    assert [row for row in trained.rows if row["val_loss"] == pytest.approx(loss, abs=1e-6)] == [trained.kept]
