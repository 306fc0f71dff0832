"""What can be known to be wrong before anything runs: code, Keras names and Beam runners that there are not."""

from __future__ import annotations

from apache_beam.runners import create_runner
from tfx.dsl.io import fileio

from components.errors import ConfigError, InputError
from components.example_gen import patterns, span_files
from pipeline import references
from pipeline.config import Backbone, Config
from pipeline.dependencies import trained, user_code
from pipeline.ml import optimizers, stepped
from pipeline.ml.heads import Head
from pipeline.ml.networks import backbone
from pipeline.nodes.settings import trainer_settings
from pipeline.schema import files as schemas


def check(config: Config) -> None:
    """Load all that the config names.

    Raises:
        ConfigError: something does not exist; names it, with close matches.
    """
    for reference in dict.fromkeys(reference for of_node in user_code(config).values() for reference in of_node):
        references.load(reference)
    _check_runner("beam", config.beam.beam_runner)
    for node, runner in config.beam.nodes.items():
        _check_runner(f"beam.nodes.{node}", runner.beam_runner)
    _check_bucket("data.path", config.data.path)
    _check_serving(config)
    _check_schema(config)
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


def _check_bucket(field: str, path: str) -> None:
    """Whether TFX can read under the scheme of a URI, with the credentials that there are."""
    if "://" not in path:
        return
    try:
        fileio.exists(patterns.divide(path)[0])
    except Exception as error:  # TensorFlow's own, of many kinds
        raise ConfigError(f"{field}: TFX cannot read {path}: {str(error).strip().splitlines()[0]}") from None


def _check_serving(config: Config) -> None:
    serving = config.compared_drift.serving if config.compared_drift else None
    if serving is None:
        return
    _check_bucket("drift.serving.path", serving.path)
    path = config.resolve(serving.path)
    if not (span_files.spans(path) if patterns.has_span(path) else fileio.glob(path)):
        raise ConfigError(f"drift.serving.path: no file matches {path}")


def _check_schema(config: Config) -> None:
    path = config.schema_.path
    if path is None or "://" in path:
        return
    try:
        schemas.curated(config)
    except InputError as error:
        raise ConfigError(f"schema.path: {error}") from None


def _check_runner(field: str, name: str) -> None:
    try:
        create_runner(name)
    except (ValueError, ImportError, AttributeError) as error:
        raise ConfigError(
            f"{field}.runner: Beam knows no {name!r}: {error}. Take 'direct', 'flink', or one of Beam's by its name"
        ) from None
