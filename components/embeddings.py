"""The output of a layer of a model on examples, as Examples with the raw columns and `embedding`."""

import json
from collections.abc import Sequence

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import component_spec, standard_artifacts
from tfx.types.system_executions import Process

from components import predictions, saved_model


class Executor(predictions.Executor):
    """One file of embeddings for each file of examples, in the same splits."""

    OUTPUT = "embeddings"
    COLUMNS: predictions.ModelColumns = staticmethod(saved_model.Model.embeddings)


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
