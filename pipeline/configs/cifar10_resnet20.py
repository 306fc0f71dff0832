"""CIFAR-10, as He et al. 2015 trained it (section 4.2): ten kinds of things in 32x32 pixels, by a ResNet-20.

`data/cifar10/` holds what TFDS makes: `tfds build cifar10`, then the files of `~/tensorflow_datasets/cifar10/3.0.2/`
(50,000 images to train on, 10,000 to test with). Then, on a GPU: `millrace run cifar10_resnet20`

Published: 8.75 % error, so an accuracy of 0.9125. What differs from the paper: channels are normalised where it
subtracts the mean of each pixel, the border is black where it is that mean, kernels alone decay, and the test images
are looked at after each epoch, though nothing is chosen by them.
"""

from __future__ import annotations

import pipeline.config as c

EPOCHS = 164
"""Of 391 steps: 64,000 steps in all."""


def get_config() -> c.Config:
    """The published schedule: a rate of 0.1, a tenth of that after 32,000 steps, and again after 48,000."""
    return c.Config(
        name="cifar10-resnet20",
        data=c.Data(
            path="data/cifar10/cifar10-*.tfrecord-*",
            format="tfrecord",
            splits=c.FileSplits(train="cifar10-train.tfrecord-*", eval="cifar10-test.tfrecord-*"),
        ),
        heads=(c.Head(label="label", task="multiclass", classes=tuple("0123456789")),),
        features=(
            c.Image(
                column="image",
                height=32,
                width=32,
                mean=(0.4914, 0.4822, 0.4465),
                deviation=(0.2470, 0.2435, 0.2616),
                augment=(c.Crop(padding=4), c.Flip()),
            ),
        ),
        # Half of the published 0.0001, whose gradient that is: l2 times the square has twice l2 for one.
        model=c.ResNet(depth=20, l2=0.00005),
        trainer=c.Trainer(
            epochs=EPOCHS,
            batch_size=128,
            optimizer="sgd",
            momentum=0.9,
            learning_rate=0.1,
            schedule=c.Schedule(kind="step", boundaries=(32_000, 48_000)),
        ),
        evaluator=c.Evaluator(thresholds=(c.Threshold(metric="accuracy", lower=0.9, max_loss=0.01),)),
    )
