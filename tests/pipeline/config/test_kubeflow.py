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


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"memory": "32"}, "memory='32': no step starts with less than 64Mi. Units: 512Mi, 4Gi"),
        ({"memory": "4M"}, "memory='4M': no step starts with less than 64Mi"),
        ({"cpu": 0.0001}, "Resources.cpu: Input should be greater than or equal to 0.001"),
        ({"accelerator": "nvidia-l4"}, "accelerator='nvidia-l4' without gpus: say how many"),
    ],
)
def test_needs_that_nothing_could_run_with_are_refused(fields, message):
    with pytest.raises(ConfigError, match=message):
        c.Resources(**fields)


@pytest.mark.parametrize("name", ["l4\nspot", " ", "l4\t", "\x1b[31ml4"])
def test_a_pool_has_a_name_that_a_table_can_show(name):
    with pytest.raises(ConfigError, match="NodePool: name must be one line that can be printed. Received: "):
        c.NodePool(name=name)
