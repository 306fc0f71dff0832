"""The Pusher: a blessed model becomes the next version in a serving directory."""

from typing import Optional

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts
from tfx.types.system_executions import Deploy

from components.pusher import driver, executor


class PusherSpec(types.ComponentSpec):
    """TFX's PusherSpec, with examples to verify the model on and a plain directory as the destination."""

    PARAMETERS = {"serving_dir": component_spec.ExecutionParameter(type=str)}
    INPUTS = {
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model),
        "model_blessing": component_spec.ChannelParameter(type=standard_artifacts.ModelBlessing),
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples, optional=True),
    }
    OUTPUTS = {"pushed_model": component_spec.ChannelParameter(type=standard_artifacts.PushedModel)}
    TYPE_ANNOTATION = Deploy


class Pusher(base_component.BaseComponent):
    """Pushes a model to `serving_dir/VERSION` when it was blessed.

    The PushedModel artifact holds no copy of the model: its properties say where the version is.
    """

    SPEC_CLASS = PusherSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)
    DRIVER_CLASS = driver.Driver

    def __init__(
        self,
        model: types.BaseChannel,
        model_blessing: types.BaseChannel,
        serving_dir: str,
        examples: Optional[types.BaseChannel] = None,
    ) -> None:
        """Args:
        serving_dir: an absolute folder on a disk or mounted volume.
        examples: rows that the staged model must answer before it is pushed.
        """
        super().__init__(
            PusherSpec(
                model=model,
                model_blessing=model_blessing,
                examples=examples,
                serving_dir=serving_dir,
                pushed_model=types.Channel(type=standard_artifacts.PushedModel),
            )
        )
