"""What the Tuner gets of a Config: only what it depends on, so that caching stays exact."""

from __future__ import annotations

from pipeline.config.record import Record
from pipeline.config.settings import TrainerSettings
from pipeline.config.tuner import Tuner


class TunerSettings(Record):
    """What the best values depend on, beside the transformed examples."""

    training: TrainerSettings
    """Of a trial, but for the values that it tries."""
    tuner: Tuner
