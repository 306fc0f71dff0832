"""The output of a layer of a model on examples, as Examples with the raw columns and `embedding`."""

import json
from collections.abc import Collection, Sequence

import tensorflow as tf
from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import component_spec, standard_artifacts
from tfx.types.system_executions import Process

from components import predictions, saved_model
from components.errors import InputError

COLUMN = "embedding"


def with_embeddings(model: saved_model.Model, records: Sequence[bytes], without: Collection[str]) -> list[bytes]:
    """The records with their embedding, a list of floats, and without some columns.

    Raises:
        InputError: the model cannot read them, or they have a column of that name already.
    """
    if COLUMN in tf.train.Example.FromString(records[0]).features.feature:
        raise InputError(f"the data has a column called {COLUMN!r} already. Rename it")
    return [
        predictions.stripped(record, without) + _example(vector)
        for record, vector in zip(records, model.embeddings(records).tolist(), strict=True)
    ]


def _example(vector: list[float]) -> bytes:
    feature = tf.train.Feature(float_list=tf.train.FloatList(value=vector))
    return tf.train.Example(features=tf.train.Features(feature={COLUMN: feature})).SerializeToString()


class Executor(predictions.Executor):
    """One file of embeddings for each file of examples, in the same splits."""

    OUTPUT = "embeddings"
    COMPLETED: predictions.Completed = staticmethod(with_embeddings)


class EmbeddingsSpec(types.ComponentSpec):
    """Examples and a model in, examples with embeddings out."""

    PARAMETERS = predictions.PredictionsSpec.PARAMETERS
    INPUTS = predictions.PredictionsSpec.INPUTS
    OUTPUTS = {"embeddings": component_spec.ChannelParameter(type=standard_artifacts.Examples)}
    TYPE_ANNOTATION = Process


class Embeddings(base_beam_component.BaseBeamComponent):
    """Embeds all splits of one Examples artifact."""

    SPEC_CLASS = EmbeddingsSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(self, examples: types.BaseChannel, model: types.BaseChannel, without: Sequence[str]) -> None:
        """Args:
        examples: of one span, with the columns that the model was trained on.
        model: exported with the signature `embeddings`, blessed or not.
        without: columns of the examples that are not repeated.
        """
        super().__init__(
            EmbeddingsSpec(
                examples=examples,
                model=model,
                without=json.dumps(sorted(without)),
                embeddings=types.Channel(type=standard_artifacts.Examples),
            )
        )
