"""Which model a candidate is held against: the latest blessed one that has the same answers."""

from typing import Optional

import ml_metadata as mlmd
from absl import logging
from tfx import types
from tfx.dsl.components.common import resolver

from components import saved_signatures, signatures

_BLESSED = "blessed"
_MODEL_ID = "current_model_id"
_SIGNATURES = (signatures.EVALUATE, signatures.SERVING)

Answers = frozenset[tuple[str, str, tuple[int, ...]]]
"""Signature, output and the output's shape, -1 for the batch."""


class LatestOtherBlessedModel(resolver.ResolverStrategy):
    """Resolves `model`: the newest blessed Model artifact that answers like `candidate` and is another one, or none.

    TFX's LatestBlessedModelStrategy takes the candidate itself once it is blessed, so a repeated run
    would compare a model with itself, and never find its evaluation in the cache. It also takes a model from
    before the heads were changed, of which the candidate's metrics cannot be computed.

    Input channels: `model` (Model, all runs), `model_blessing` (ModelBlessing, all runs), `candidate`
    (Model of this run).
    """

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> Optional[dict[str, list[types.Artifact]]]:
        """Returns the same keys; `model` and `model_blessing` hold one artifact each, or none."""
        del store
        (candidate,) = input_dict["candidate"]
        blessings = {
            blessing.get_int_custom_property(_MODEL_ID): blessing
            for blessing in input_dict["model_blessing"]
            if blessing.get_int_custom_property(_BLESSED) == 1
        }
        others = [model for model in input_dict["model"] if model.id in blessings and model.id != candidate.id]
        others.sort(key=lambda model: model.id, reverse=True)
        newest = next((model for model in others if _alike(model, candidate)), None)
        return {
            "model": [newest] if newest else [],
            "model_blessing": [blessings[newest.id]] if newest else [],
            "candidate": [candidate],
        }


def _alike(model: types.Artifact, candidate: types.Artifact) -> bool:
    its, wanted = _answers(model), _answers(candidate)
    if its != wanted:
        logging.warning("%s is no baseline: it answers %s, not %s", model.uri, sorted(its), sorted(wanted))
    return its == wanted


def _answers(model: types.Artifact) -> Answers:
    """What the model's signatures return; nothing where its files are gone."""
    found = saved_signatures.outputs(saved_signatures.folder_of(model))
    return frozenset(
        (signature, name, shape) for signature in _SIGNATURES for name, shape in found.get(signature, {}).items()
    )
