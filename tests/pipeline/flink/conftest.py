"""What some of these tests need of the machine."""

from __future__ import annotations

import pytest

from components.errors import InputError
from pipeline.flink import java


@pytest.fixture
def needs_java() -> None:
    """Skips where the Java is not there that a cluster runs on."""
    try:
        java.found()
    except InputError as error:
        pytest.skip(str(error))
