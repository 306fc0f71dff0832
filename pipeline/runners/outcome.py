"""What the whole run is asked for afterwards, taken from the artifacts of its nodes."""

from __future__ import annotations

from typing import Any

from pipeline.runners.node import NodeResult
from pipeline.runs import RunRecord


def noted(record: RunRecord, result: NodeResult) -> dict[str, Any]:
    """What a node's outputs tell of its run: the span (unless `record` has one), the blessing, where the model went."""
    facts: dict[str, Any] = {}
    for artifact in (artifact for outputs in result.outputs.values() for artifact in outputs):
        if record.span is None and artifact.has_custom_property("span"):
            facts.setdefault("span", int(artifact.get_int_custom_property("span")))
        if artifact.type_name == "ModelBlessing" and artifact.has_custom_property("blessed"):
            facts["blessed"] = bool(artifact.get_int_custom_property("blessed"))
        if artifact.type_name == "PushedModel" and artifact.has_custom_property("pushed_destination"):
            facts["pushed"] = artifact.get_string_custom_property("pushed_destination")
    return facts
