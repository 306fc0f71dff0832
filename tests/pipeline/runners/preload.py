"""What the test processes have imported before they fork: all that is slow, and nothing that tests patch."""

import apache_beam
import pytest
import tfx.components
import tfx.dsl.compiler.compiler
import tfx.orchestration.portable.launcher

import pipeline.runners.executor
import pipeline.runners.node

__all__ = ["apache_beam", "pipeline", "pytest", "tfx"]
