"""What contradicts itself in the evaluator's settings."""

from __future__ import annotations

import pytest

from components.errors import ConfigError
from pipeline.config import Evaluator


def test_misjudged_images_are_those_of_the_evaluated_split_at_least() -> None:
    with pytest.raises(ConfigError, match=r"misjudged must hold the evaluated split, 'test'.*Received: \('eval',\)"):
        Evaluator(split="test", misjudged=("eval",))
    assert Evaluator(split="test", misjudged=()).misjudged == ()
