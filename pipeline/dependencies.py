"""What each node depends on beside its executor and inputs, by node id: code that configs name, and files it reads."""

from __future__ import annotations

from components.report import page
from pipeline.config import Config
from pipeline.config.features import Vocabulary
from pipeline.config.model import Model
from pipeline.config.networks import Backbone
from pipeline.evaluation.eval_config import own_metrics
from pipeline.references import is_reference

PREPROCESSING_FN = "pipeline.ml.preprocessing.preprocessing_fn"
TUNER_FN = "pipeline.ml.tuning.tuner_fn"
RUN_FN = "pipeline.ml.training.run_fn"


def trained(config: Config) -> list[Config]:
    """The config, and what the Tuner may make of it, one value at a time."""
    return [config, *(variant for variants in config.variants().values() for variant in variants)]


def user_code(config: Config) -> dict[str, tuple[str, ...]]:
    """References to the code outside the executors that each node runs; its sources belong to the node's digest."""
    labels = [head.label_function for head in config.heads]
    training = [name for each in trained(config) for name in _training_code(each)]
    return {
        "Transform": _references(PREPROCESSING_FN, config.preprocessing_fn, *labels),
        **({"Tuner": _references(TUNER_FN, *training)} if config.tuner else {}),
        "Trainer": _references(RUN_FN, config.trainer.run_fn, *training),
        "Evaluator": tuple(f"{metric.module}.{metric.class_name}" for metric in own_metrics(config)),
    }


def data_files(config: Config) -> dict[str, tuple[str, ...]]:
    """The files, besides the examples, whose content each node reads; they belong to the node's digest."""
    vocabularies = [feature.file for feature in config.features if isinstance(feature, Vocabulary) and feature.file]
    models = [each.model for each in trained(config)]
    weights = [model.weights for model in models if isinstance(model, Backbone) and model.weights]
    compared = config.compared_drift
    of_training = tuple(dict.fromkeys(config.resolve(path) for path in weights))
    return {
        "SchemaGen": (config.resolve(config.schema_.path),) if config.schema_.path else (),
        "Transform": tuple(config.resolve(path) for path in vocabularies),
        **({"Tuner": of_training} if config.tuner else {}),
        "Trainer": of_training,
        "EvaluationReport": page.files("evaluation_report"),
        **({"Drift": page.files("drift")} if compared and compared.compares else {}),
        **({"PredictionDrift": page.files("drift")} if compared and compared.predictions else {}),
        **({"NearDuplicates": page.files("near_duplicates")} if config.searched_duplicates else {}),
    }


def _training_code(config: Config) -> list[str | None]:
    builder = config.model.builder if isinstance(config.model, Model) else None
    of_heads = [name for head in config.heads for name in (head.loss, *head.metrics)]
    trainer = config.trainer
    return [builder, trainer.optimizer, trainer.train_step, *trainer.callbacks, *of_heads]


def _references(*names: str | None) -> tuple[str, ...]:
    """Those of `names` that are references: Keras' own losses and metrics go by a bare name."""
    return tuple(dict.fromkeys(name for name in names if name and is_reference(name)))
