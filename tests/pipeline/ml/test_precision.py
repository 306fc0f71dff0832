from __future__ import annotations

import keras
import numpy as np
import pytest

import pipeline.config as c
from components.errors import InputError
from pipeline.ml import models, prepared
from pipeline.ml.precision import computing_in
from tests.pipeline.ml.loops import data_of, settings_of, train, trainer


@pytest.mark.parametrize(("precision", "dtype"), [("mixed_float16", "float16"), ("mixed_bfloat16", "bfloat16")])
def test_layers_compute_in_16_bits_and_serve_in_32(tmp_path, precision, dtype):
    settings = settings_of(
        trainer(precision=precision), image=c.Image(height=8, width=8, channels=1, augment=(c.Flip(),))
    )
    model, rows = train(str(tmp_path), settings)
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert model.get_layer("image_conv1").compute_dtype == dtype
    # Pixels are prepared, and probabilities made, in float32.
    assert {model.get_layer(name).compute_dtype for name in ("image_normalised", "head_kind")} == {"float32"}
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer) == (dtype == "float16")
    data = data_of(settings)
    served = prepared.served(model, settings, data)
    assert {layer.compute_dtype for layer in served.layers} <= {"float32", "uint8"}
    for one, other in zip(model.weights, served.weights, strict=True):
        np.testing.assert_array_equal(one, other, err_msg=one.path)
    features, _ = next(iter(data.train.epoch(0)))
    np.testing.assert_allclose(model(features)["kind"], served(features)["kind"], atol=0.03)


def test_a_step_that_overflows_is_left_out_and_halves_the_scale():
    from pipeline.ml.optimizers import optimizer

    weight = keras.Variable([1.0], name="kernel")
    made = optimizer(c.Trainer(precision="mixed_float16", optimizer="sgd"), 1, [weight])
    made.build([weight])
    made.apply_gradients([(np.array([np.inf], np.float32), weight)])
    assert float(weight[0]) == 1.0
    assert float(made.dynamic_scale) == made.initial_scale / 2


def test_a_model_that_exists_already_keeps_its_precision():
    settings = settings_of(c.Trainer(), c.Model(kind="custom", builder="tests.pipeline.ml.user_code.ready"))
    data = data_of(settings)
    with computing_in("mixed_bfloat16"), pytest.raises(InputError, match="ready is a model that exists already"):
        models.build(settings.model, data.inputs, data.heads)
    assert keras.config.dtype_policy().name == "float32"
