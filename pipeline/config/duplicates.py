"""What counts as an image that stands in two splits, and how many of them a run puts up with."""

from __future__ import annotations

from typing import Union

import pydantic

from pipeline.config.record import Record


class Duplicates(Record):
    """Images that are nearly the same in different splits: a model that has seen one in training knows the other."""

    max_distance: int = pydantic.Field(default=8, ge=0, le=16)
    """Bits in which the perceptual hashes of a pair may differ; unrelated images differ in 32. 6 is quicker on
    millions of images."""
    min_ssim: float = pydantic.Field(default=0.7, gt=0, le=1)
    """How similar the two must be then, 1 is equal. Data whose different images look alike (digits, scans of one
    form) needs more: the node's page shows the pairs that were taken for copies."""
    max_share: Union[float, None] = pydantic.Field(default=0.05, ge=0, le=1)
    """The run fails when more of the smaller of two splits has a near-duplicate in the other; None only counts.
    Of CIFAR-10's test images 3.3 % have one in the training split, of CIFAR-100's 10 %, which makes published
    networks look better than they are (Barz and Denzler 2020, "Do We Train on Test Data?")."""
