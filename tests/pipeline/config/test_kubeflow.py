"""Fields of `kubeflow` that do not fit together."""

import pytest

import pipeline.config as c
from components.errors import ConfigError


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"seconds": 600}, "seconds=600 is longer than the longest wait, most_seconds=300"),
        ({"count": 10**7}, "less than or equal to 1000"),
    ],
)
def test_retries_that_cannot_be_meant_are_refused(fields, message):
    with pytest.raises(ConfigError, match=message):
        c.Retries(**fields)
