"""Residual networks against what was published of them, and against keras.applications."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from pipeline.config.networks import ResNet
from tests.pipeline.ml.networks.built import classifier, features, losses_of_training, outlined, parameters, randomise

PIXELS = np.random.default_rng(0).normal(size=(2, 64, 64, 3)).astype("float32")
TINY = (
    ResNet(depth=20, filters=2, squeeze_excitation=0.5),
    ResNet(depth=18, filters=2, version=2, kernel_size=5, activation="silu"),
)


@pytest.mark.parametrize(
    ("depth", "count"), [(18, 11_689_512), (34, 21_797_672), (50, 25_557_032), (101, 44_549_160), (152, 60_192_808)]
)
def test_imagenet_parameters_are_the_published_ones(depth, count):
    built = outlined(ResNet(depth=depth), 224, 224, 3, classes=1000)
    assert parameters(built.trainable_weights) == count


# Table 6 of He et al. 2015, in millions: 0.27, 0.46, 0.66, 0.85 and 1.7.
@pytest.mark.parametrize(
    ("depth", "count"), [(20, 269_722), (32, 464_154), (44, 658_586), (56, 853_018), (110, 1_727_962)]
)
def test_cifar_parameters_are_those_of_the_papers_table(depth, count):
    built = outlined(ResNet(depth=depth), 32, 32, 3, classes=10)
    assert parameters(built.trainable_weights) == count


def test_a_depth_is_the_number_of_layers_with_weights():
    for network in (ResNet(depth=20, version=2, filters=1), ResNet(depth=50, version=2, filters=1)):
        convolutions = [
            layer for layer in outlined(network, 32, 32, 3).layers if isinstance(layer, keras.layers.Conv2D)
        ]
        assert len([layer for layer in convolutions if "shortcut" not in layer.name]) + 1 == network.depth


slow = pytest.mark.acceptance


@pytest.mark.parametrize(
    ("name", "depth", "version"),
    [
        ("ResNet50", 50, 1),
        ("ResNet50V2", 50, 2),
        pytest.param("ResNet101", 101, 1, marks=slow),
        pytest.param("ResNet101V2", 101, 2, marks=slow),
        pytest.param("ResNet152", 152, 1, marks=slow),
        pytest.param("ResNet152V2", 152, 2, marks=slow),
    ],
)
def test_it_is_keras_applications_layer_for_layer(name, depth, version):
    keras.utils.set_random_seed(0)
    theirs = getattr(keras.applications, name)(
        weights=None, include_top=False, pooling="avg", input_shape=PIXELS.shape[1:]
    )
    ours = features(ResNet(depth=depth, version=version, bias=True, layout="keras"), *PIXELS.shape[1:])
    assert [weight.shape for weight in ours.weights] == [weight.shape for weight in theirs.weights]
    randomise(theirs)
    ours.set_weights(theirs.get_weights())
    expected = np.array(theirs(PIXELS))
    assert np.abs(expected[0] - expected[1]).max() > 0.01 * np.abs(expected).max()
    np.testing.assert_allclose(ours(PIXELS), expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("network", "halving"),
    [
        (ResNet(depth=18, filters=1), ["stage2_block1_conv1", "stage3_block1_conv1", "stage4_block1_conv1"]),
        (ResNet(depth=20, filters=1, version=2), ["stage2_block1_conv1", "stage3_block1_conv1"]),
        (ResNet(depth=50, filters=1), ["stage2_block1_conv2", "stage3_block1_conv2", "stage4_block1_conv2"]),
        (
            ResNet(depth=50, filters=1, layout="keras"),
            ["stage2_block1_conv1", "stage3_block1_conv1", "stage4_block1_conv1"],
        ),
        (
            ResNet(depth=50, filters=1, layout="keras", version=2),
            ["stage1_block3_conv2", "stage2_block4_conv2", "stage3_block6_conv2"],
        ),
    ],
)
def test_the_layout_says_where_a_stage_halves_the_image(network, halving):
    strided = [
        layer.name
        for layer in outlined(network, 64, 64, 3).layers
        if isinstance(layer, keras.layers.Conv2D) and layer.strides != (1, 1)
    ]
    assert [name for name in strided if name != "stem_conv" and "shortcut" not in name] == halving


@pytest.mark.parametrize("size", [32, 33])
def test_shortcuts_of_the_cifar_family_skip_pixels_and_append_zeros(size):
    """With a scale of 0 a block is its shortcut, activated: here zero_gamma lets each stage pass its input on."""
    built = features(ResNet(depth=20, filters=4, zero_gamma=True), size, size, 3)
    stem = built.get_layer("stem_act").output
    inner = keras.Model(built.input, [stem, built.get_layer("stage2_block1_out").output])
    before, after = (np.array(each) for each in inner(PIXELS[:, :size, :size]))
    np.testing.assert_array_equal(after[..., :4], before[:, ::2, ::2])
    np.testing.assert_array_equal(after[..., 4:], np.zeros_like(after[..., 4:]))


def test_zero_gamma_is_for_the_last_normalisation_of_each_block():
    built = features(ResNet(depth=18, filters=2, zero_gamma=True), 32, 32, 3)
    zero = [weight.path for weight in built.trainable_weights if not np.any(weight) and weight.path.endswith("gamma")]
    assert zero == [f"stage{stage}_block{block}_bn2/gamma" for stage in (1, 2, 3, 4) for block in (1, 2)]


def test_kernels_and_nothing_else_are_regularised():
    built = features(ResNet(depth=18, filters=2, l2=0.1, bias=True, squeeze_excitation=0.5), 32, 32, 3)
    kernels = [weight for weight in built.weights if weight.path.endswith("kernel")]
    # The first convolution, two in each of eight blocks, three projections; two dense layers in each block.
    assert len(built.losses) == len(kernels) == 1 + 8 * 2 + 3 + 8 * 2
    np.testing.assert_allclose(sum(built.losses), sum(0.1 * float(np.sum(np.square(w))) for w in kernels), rtol=1e-5)


def test_squeeze_and_excitation_adds_two_dense_layers_to_each_block():
    plain, weighed = (outlined(ResNet(depth=20, squeeze_excitation=share), 32, 32, 3) for share in (None, 1 / 16))
    dense = sum(3 * ((c * max(1, c // 16) + max(1, c // 16)) + (max(1, c // 16) * c + c)) for c in (16, 32, 64))
    assert parameters(weighed.weights) - parameters(plain.weights) == dense


def test_excitation_weighs_channels_by_what_is_in_the_whole_image():
    built = features(ResNet(depth=20, filters=4, squeeze_excitation=1.0), 32, 32, 3)
    parts = [built.get_layer(f"stage1_block1_{part}").output for part in ("bn2", "excite", "weigh")]
    before, weights, after = (np.array(each) for each in keras.Model(built.input, parts)(PIXELS[:, :32, :32]))
    assert weights.shape == (2, 1, 1, 4)
    assert ((weights > 0) & (weights < 1)).all()
    np.testing.assert_allclose(after, before * weights, rtol=1e-6)


def test_filters_kernel_size_and_activation_reach_every_block():
    built = outlined(ResNet(depth=20, filters=3, kernel_size=5, activation="silu"), 32, 32, 3)
    in_blocks = [layer for layer in built.layers if isinstance(layer, keras.layers.Conv2D) and "stage" in layer.name]
    assert [(layer.filters, layer.kernel_size) for layer in in_blocks] == [
        (filters, (5, 5)) for filters in (3, 6, 12) for _ in range(6)
    ]
    activations = [layer.activation for layer in built.layers if isinstance(layer, keras.layers.Activation)]
    assert len(activations) == 1 + 2 * 9
    assert set(activations) == {keras.activations.silu}


def test_dropout_comes_last_and_acts_in_training_only():
    built = features(ResNet(depth=20, filters=4, dropout=0.5), 32, 32, 3)
    assert isinstance(built.layers[-1], keras.layers.Dropout)
    dropped = np.array(built(PIXELS[:, :32, :32], training=True))
    assert (dropped == 0).mean() > 0.1
    assert (np.array(built(PIXELS[:, :32, :32])) == 0).mean() < 0.1


@pytest.mark.parametrize(
    ("depth", "version", "shape"),
    [(18, 1, (1, 1, 1)), (18, 2, (33, 47, 3)), (20, 1, (33, 47, 3)), (20, 2, (1, 1, 1))],
)
def test_images_of_any_size_become_a_vector(depth, version, shape):
    network = ResNet(depth=depth, filters=2, kernel_size=4, version=version)
    assert features(network, *shape)(np.ones((2, *shape))).shape == (2, 16 if depth == 18 else 8)


@pytest.mark.parametrize("network", TINY)
def test_it_learns(network):
    before, after = losses_of_training(classifier(network, 32, 32, 3))
    assert after < before


def test_it_is_the_same_after_saving(tmp_path):
    built = features(ResNet(depth=20, filters=2), 32, 32, 3)
    built.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(PIXELS[:, :32, :32]), built(PIXELS[:, :32, :32]))
