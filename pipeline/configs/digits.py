"""Handwritten digits as images: which of the ten is it? Run it with `millrace run digits`."""

from __future__ import annotations

import pipeline.config as c


def get_config() -> c.Config:
    """The project's example for images: two spans of real digits, a ResNet-20, gated by accuracy."""
    return c.Config(
        name="digits",
        data=c.Data(
            path="data/digits/span-{SPAN}/*.tfrecord.gz",
            format="tfrecord",
            window=2,
            splits=c.HashSplits(train=3, eval=1, test=1),
        ),
        heads=(c.Head(label="image/class/label", name="digit", task="multiclass", classes=tuple("0123456789")),),
        features=(
            c.Image(
                height=16,
                width=16,
                channels=1,
                mean=(0.5,),
                deviation=(0.5,),
                augment=(c.Shift(height=0.1, width=0.1), c.Rotation(degrees=8)),
            ),
        ),
        # At 8x8 pixels digits look alike: at the usual 0.7 two in five of eval count as copies, at 0.95 two of 374.
        # Copies that were brightened or saved as JPEG of quality 90 are still found.
        duplicates=c.Duplicates(min_ssim=0.95),
        model=c.ResNet(depth=20),
        trainer=c.Trainer(epochs=15, batch_size=64, learning_rate=3e-3, schedule=c.Schedule(kind="cosine")),
        evaluator=c.Evaluator(
            split="test",
            slices=(("image/class/text",), (c.Ranges(column="image/brightness", boundaries=(70, 85)),)),
            metrics=("top_2_accuracy",),
            thresholds=(c.Threshold(metric="accuracy", lower=0.97, max_loss=0.01),),
        ),
    )
