"""Which model a candidate is held against: the latest blessed one that is not the candidate itself."""

from typing import Optional

import ml_metadata as mlmd
from tfx import types
from tfx.dsl.components.common import resolver

_BLESSED = "blessed"
_MODEL_ID = "current_model_id"


class LatestOtherBlessedModel(resolver.ResolverStrategy):
    """Resolves `model`: the newest blessed Model artifact other than `candidate`, or none.

    TFX's LatestBlessedModelStrategy takes the candidate itself once it is blessed, so a repeated run
    would compare a model with itself, and never find its evaluation in the cache.

    Input channels: `model` (Model, all runs), `model_blessing` (ModelBlessing, all runs), `candidate`
    (Model of this run).
    """

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> Optional[dict[str, list[types.Artifact]]]:
        """Returns the same keys; `model` and `model_blessing` hold one artifact each, or none."""
        del store
        candidates = {model.id for model in input_dict["candidate"]}
        blessings = {
            blessing.get_int_custom_property(_MODEL_ID): blessing
            for blessing in input_dict["model_blessing"]
            if blessing.get_int_custom_property(_BLESSED) == 1
        }
        blessed = [model for model in input_dict["model"] if model.id in blessings and model.id not in candidates]
        newest = max(blessed, key=lambda model: model.id, default=None)
        return {
            "model": [newest] if newest else [],
            "model_blessing": [blessings[newest.id]] if newest else [],
            "candidate": input_dict["candidate"],
        }
