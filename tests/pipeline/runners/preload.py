"""What the test processes have imported before they fork: all that is slow, and nothing that tests patch."""

import apache_beam
import pytest
import tfx.components

import pipeline.runners.backfill
import pipeline.runners.executor
import pipeline.runners.local
import pipeline.runners.node
import pipeline.runners.reasons
import tests.pipeline.runners.conftest
import tests.pipeline.runners.tiny

__all__ = ["apache_beam", "pipeline", "pytest", "tests", "tfx"]
