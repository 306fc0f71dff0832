"""The options of Beam pipelines."""

from __future__ import annotations

import os

from pipeline.config import Beam

_SETUP_FILE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "setup.py")


def beam_args(beam: Beam) -> tuple[str, ...]:
    """The options of every Beam pipeline.

    With a setup file TFX does not pack a copy of itself for each executor, which takes it 10 s. Remote workers get our
    two packages by it; the DirectRunner does not look at it.
    """
    own = any(arg.startswith("--setup_file") for arg in beam.args)
    return (f"--runner={beam.runner}", *beam.args, *(() if own else (f"--setup_file={_SETUP_FILE}",)))
