"""What the whole run is asked for afterwards, taken from the artifacts of its nodes."""

from __future__ import annotations

from typing import Any

from pipeline.runners.node import NodeResult
from pipeline.runs import RunRecord


def noted(record: RunRecord, result: NodeResult) -> RunRecord:
    """`record` with what a node's outputs tell: the run's span, the blessing, where the model went."""
    for artifact in (artifact for outputs in result.outputs.values() for artifact in outputs):
        facts: dict[str, Any] = {}
        if record.span is None and artifact.has_custom_property("span"):
            facts["span"] = int(artifact.get_int_custom_property("span"))
        if artifact.type_name == "ModelBlessing" and artifact.has_custom_property("blessed"):
            facts["blessed"] = bool(artifact.get_int_custom_property("blessed"))
        if artifact.type_name == "PushedModel" and artifact.has_custom_property("pushed_destination"):
            facts["pushed"] = artifact.get_string_custom_property("pushed_destination")
        record = record.model_copy(update=facts)
    return record
