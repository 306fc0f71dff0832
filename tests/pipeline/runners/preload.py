"""What the test processes have imported before they fork: all that is slow, and nothing that tests patch or measure."""

import apache_beam
import pytest
import tfx.components
import tfx.dsl.compiler.compiler
import tfx.orchestration.local.runner_utils
import tfx.orchestration.portable.launcher

import tests.pipeline.runners.conftest
import tests.pipeline.runners.tiny

__all__ = ["apache_beam", "pytest", "tests", "tfx"]
