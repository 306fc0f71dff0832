"""What can be known to be wrong before anything runs: code, Keras names and Beam runners that there are not."""

from __future__ import annotations

from apache_beam.runners import create_runner

from components.errors import ConfigError
from pipeline import references
from pipeline.config import Backbone, Config
from pipeline.dependencies import trained, user_code
from pipeline.ml import optimizers, stepped
from pipeline.ml.heads import Head
from pipeline.ml.networks import backbone
from pipeline.node_settings import trainer_settings


def check(config: Config) -> None:
    """Load all that the config names.

    Raises:
        ConfigError: something does not exist; names it, with close matches.
    """
    for reference in dict.fromkeys(reference for of_node in user_code(config).values() for reference in of_node):
        references.load(reference)
    _check_runner(config.beam.runner)
    for each in trained(config):
        optimizers.optimizer(each.trainer, steps=1)
        if each.trainer.train_step:
            stepped.step_of(each.trainer.train_step)
        network = trainer_settings(each).model
        if isinstance(network, Backbone):
            backbone.check(network)
        for head in each.heads:
            made = Head(head, head.label_spec.classes)
            made.loss()
            made.metrics()


def _check_runner(name: str) -> None:
    try:
        create_runner(name)
    except (ValueError, ImportError, AttributeError) as error:
        raise ConfigError(f"beam.runner: Beam knows no {name!r}: {error}") from None
