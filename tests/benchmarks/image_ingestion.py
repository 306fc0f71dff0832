"""Images as `millrace images pack` writes them, for tests.benchmarks.packing."""

from __future__ import annotations

import pipeline.config as c


def get_config() -> c.Config:
    """The splits are ImportExampleGen's own, two thirds and one third."""
    return c.Config(
        name="images",
        data=c.Data(path="packed/*.gz", format="tfrecord", splits=c.HashSplits(train=2, eval=1, test=0)),
        heads=(c.Head(label="image/class/label", task="multiclass"),),
        features=(c.Image(height=32, width=32),),
        model=c.CNN(),
    )
