"""TFX's Transform with our executor."""

from typing import Any, Optional

from tfx import types
from tfx.components.transform import component
from tfx.dsl.components.base import executor_spec
from tfx.proto import transform_pb2

from components.transform.executor import Executor


class Transform(component.Transform):
    """Analyses the examples and transforms them, by a function that is named by its dotted path."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        schema: types.BaseChannel,
        preprocessing_fn: str,
        custom_config: dict[str, Any],
        splits_config: Optional[transform_pb2.SplitsConfig] = None,
    ) -> None:
        """See TFX."""
        super().__init__(
            examples=examples,
            schema=schema,
            preprocessing_fn=preprocessing_fn,
            custom_config=custom_config,
            splits_config=splits_config,
            # A cache per span and split costs more than it saves until spans are large: it multiplies Beam's stages.
            disable_analyzer_cache=True,
            # Nobody reads them, and they take a quarter of the time.
            disable_statistics=True,
        )
