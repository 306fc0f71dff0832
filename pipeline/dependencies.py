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
RUN_FN = "pipeline.ml.training.run_fn"


def user_code(config: Config) -> dict[str, tuple[str, ...]]:
    """References to the code outside the executors that each node runs; its sources belong to the node's digest."""
    labels = [head.label_function for head in config.heads]
    builder = config.model.builder if isinstance(config.model, Model) else None
    training = [builder, config.trainer.optimizer, config.trainer.train_step, *config.trainer.callbacks]
    training += [name for head in config.heads for name in (head.loss, *head.metrics)]
    return {
        "Transform": _references(PREPROCESSING_FN, config.preprocessing_fn, *labels),
        "Trainer": _references(RUN_FN, config.trainer.run_fn, *training),
        "Evaluator": tuple(f"{metric.module}.{metric.class_name}" for metric in own_metrics(config)),
    }


def data_files(config: Config) -> dict[str, tuple[str, ...]]:
    """The files, besides the examples, whose content each node reads; they belong to the node's digest."""
    vocabularies = [feature.file for feature in config.features if isinstance(feature, Vocabulary) and feature.file]
    weights = [config.model.weights] if isinstance(config.model, Backbone) else []
    return {
        "SchemaGen": (config.resolve(config.schema_.path),) if config.schema_.path else (),
        "Transform": tuple(config.resolve(path) for path in vocabularies),
        "Trainer": tuple(config.resolve(path) for path in weights if path),
        "EvaluationReport": page.files("evaluation_report"),
        **({"NearDuplicates": page.files("near_duplicates")} if config.finds_duplicates else {}),
    }


def _references(*names: str | None) -> tuple[str, ...]:
    """Those of `names` that are references: Keras' own losses and metrics go by a bare name."""
    return tuple(name for name in names if name and is_reference(name))
