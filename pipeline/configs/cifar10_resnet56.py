"""CIFAR-10 by a ResNet-56: `millrace run cifar10_resnet56`, with data and schedule as in cifar10_resnet20.

Published by He et al. 2015: 6.97 % error, so an accuracy of 0.9303.
"""

from __future__ import annotations

import pipeline.config as c
from pipeline.configs import cifar10_resnet20


def get_config() -> c.Config:
    """The ResNet-20's, with more blocks and a higher threshold."""
    base = cifar10_resnet20.get_config()
    return base.model_copy(
        update={
            "name": "cifar10-resnet56",
            "model": base.model.model_copy(update={"depth": 56}),
            "evaluator": c.Evaluator(thresholds=(c.Threshold(metric="accuracy", lower=0.92, max_loss=0.01),)),
        }
    )
