from __future__ import annotations

import re

import pydantic
import pytest

from components.errors import ConfigError
from pipeline.config.networks import CNN, Backbone, Network, ResNet

DIGEST = "0" * 64


@pytest.mark.parametrize(
    ("record", "fields", "message"),
    [
        (ResNet, {"depth": 19}, "ResNet.depth: Input should be 18, 34, 50, 101, 152, 20, 32, 44, 56 or 110"),
        (ResNet, {"depth": 18, "version": 3}, "ResNet.version: Input should be 1 or 2. Received: 3"),
        (ResNet, {"depth": 18, "squeeze_excitation": 1.5}, "ResNet.squeeze_excitation"),
        (ResNet, {"depth": 18, "layout": "keras"}, 'layout="keras" is for depth 50, 101 and 152. Received: depth=18'),
        (ResNet, {"depth": 50, "version": 2, "zero_gamma": True}, "zero_gamma is for version=1"),
        (CNN, {"filters": ()}, "CNN.filters"),
        (CNN, {"filters": (8, 0)}, "CNN.filters.1: Input should be greater than 0. Received: 0"),
        (Backbone, {"weights": "b0.h5"}, "weights and sha256 go together"),
        (Backbone, {"sha256": DIGEST}, "weights and sha256 go together"),
        (Backbone, {"weights": "b0.h5", "sha256": "abc"}, "Backbone.sha256"),
        (Backbone, {"weights": "imagenet"}, 'weights="imagenet" would be a download'),
        (Backbone, {"weights": "imagenet", "sha256": DIGEST}, 'weights="imagenet" would be a download'),
        (Backbone, {"frozen_epochs": 1}, "frozen_epochs needs weights"),
    ],
)
def test_what_cannot_be_is_told(record, fields, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        record(**fields)


def test_a_network_is_told_by_its_kind():
    read = pydantic.TypeAdapter(Network).validate_python
    for network in (ResNet(depth=20), CNN(), Backbone(weights="b0.h5", sha256=DIGEST, frozen_epochs=2)):
        assert read(network.model_dump()) == network


def test_only_backbones_want_pixels():
    assert (ResNet(depth=20).input_range, CNN().input_range, Backbone().input_range) == (None, None, (0, 255))
