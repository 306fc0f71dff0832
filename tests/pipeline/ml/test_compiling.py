from __future__ import annotations

import pytest

import pipeline.config as c
from components.errors import ConfigError
from tests.pipeline.ml.loops import IMAGE, settings_of, train, trainer


def augmented(*augment) -> c.Image:
    return IMAGE.model_copy(update={"augment": augment})


def test_xla_trains_as_without_it(tmp_path):
    rows = {}
    for xla in (False, True):
        model, rows[xla] = train(str(tmp_path), settings_of(trainer(xla=xla, optimizer="sgd")))
        assert model.jit_compile == xla
    for plain, compiled in zip(rows[False], rows[True], strict=True):
        assert compiled == pytest.approx(plain, abs=1e-4)


def test_a_layer_that_xla_cannot_compile_is_named(tmp_path):
    with pytest.raises(ConfigError, match="trainer.xla: XLA cannot compile these layers: rotation_0. Leave them out"):
        train(str(tmp_path), settings_of(trainer(xla=True), image=augmented(c.Rotation())))


def test_an_operation_that_xla_cannot_compile_is_named(tmp_path):
    model = c.Model(kind="custom", builder="tests.pipeline.ml.user_code.by_text")
    with pytest.raises(ConfigError, match="trainer.xla: XLA cannot compile operations of this model: .*AsString"):
        train(str(tmp_path), settings_of(trainer(xla=True), model))
