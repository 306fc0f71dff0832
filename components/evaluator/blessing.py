"""Whether a model is blessed, told as TFX's own Evaluator does."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import tensorflow_model_analysis as tfma
from absl import logging
from tfx import types
from tfx.components.evaluator import constants
from tfx.types import artifact_utils
from tfx.utils import io_utils


def bless(
    blessing: types.Artifact,
    evaluation: str,
    inputs: Mapping[str, Sequence[types.Artifact]],
    component_id: Optional[str],
) -> None:
    """Write whether the evaluation in a folder holds the model to be good, and of which models that is said."""
    model, baselines = artifact_utils.get_single_instance(inputs["model"]), inputs.get("baseline_model")
    properties: dict[str, Any] = {
        constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY: model.uri,
        constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY: model.id,
    }
    if baselines:
        properties[constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY] = baselines[0].uri
        properties[constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY] = baselines[0].id
    if component_id is not None:
        properties["component_id"] = component_id
    blessed = bool(tfma.load_validation_result(evaluation).validation_ok)
    name = constants.BLESSED_FILE_NAME if blessed else constants.NOT_BLESSED_FILE_NAME
    io_utils.write_string_file(os.path.join(blessing.uri, name), "")
    value = constants.BLESSED_VALUE if blessed else constants.NOT_BLESSED_VALUE
    properties[constants.ARTIFACT_PROPERTY_BLESSED_KEY] = value
    for key, each in properties.items():
        setter = blessing.set_int_custom_property if isinstance(each, int) else blessing.set_string_custom_property
        setter(key, each)
    logging.info("Blessing result %s written to %s.", blessed, blessing.uri)
