"""TFX without what only executors need: 1 s of imports instead of 12."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from pipeline.config import Config

_LEFT_OUT = ("tensorflow", "apache_beam", "tfx.components")
"""What TFX does without where only its SDK is installed (the package ml-pipelines-sdk), each import of them guarded."""


@contextlib.contextmanager
def imports(config: Config) -> Iterator[None]:
    """Within, TFX is imported as if only its SDK were there. What is imported later finds all again.

    Let what uses it stay within: TFX imports a resolver or a driver when it comes to it. Not where the drivers of
    `config` read data in a bucket: TFX does that with TensorFlow.
    """
    left_out = [] if config.reads_buckets else [name for name in _LEFT_OUT if name not in sys.modules]
    for name in left_out:
        sys.modules[name] = None  # type: ignore[assignment]  # "not there" to the import system
    try:
        yield
    finally:
        for name in left_out:
            del sys.modules[name]
