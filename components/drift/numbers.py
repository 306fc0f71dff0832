"""The report for programs: `drift.json`, as `drift.schema.json` beside this file describes it."""

import dataclasses
import json
import math
from typing import Any, Optional

from components.drift.catalogue import MEASURES
from components.drift.compare import Check, Result
from components.drift.history import Point, Step
from components.drift.report import Side
from components.drift.state import State
from components.drift.view import View
from components.statistics.distributions import Numeric
from components.statistics.features import Feature
from components.statistics.shapes import Shape

SCHEMA = "urn:millrace:drift:1"
"""The $id of drift.schema.json; another number where fields change their meaning or go."""


def as_json(view: View) -> str:
    """The report as text."""
    found = view.report
    fields = {
        "schema": SCHEMA,
        "kind": found.kind,
        "made": found.made.isoformat(),
        "exit_code": int(found.exit_code),
        "verdict": found.verdict,
        "baseline": _data(found.baseline),
        "current": _data(found.current),
        "counts": {state.value: found.count(state) for state in (State.DRIFT, State.NOT_COMPARABLE, State.OK)},
        "features": [_feature(each.result) | _shape(each.shape) for each in view.features],
        "slices": {name: [_feature(result) for result in results] for name, results in found.slices.items()},
        "lone_slices": dict(found.lone_slices),
        "anomalies": [dataclasses.asdict(each) for each in found.anomalies],
        "history": [_step(step) for step in found.history],
        "row_skew": dataclasses.asdict(found.row_skew) if found.row_skew else None,
        "notes": list(found.notes),
    }
    return json.dumps(fields, indent=1, allow_nan=False)


def _data(side: Side) -> dict[str, Any]:
    return {**dataclasses.asdict(side), "made": side.made.isoformat() if side.made else None}


def _feature(result: Result) -> dict[str, Any]:
    numeric = any(side and isinstance(side.distribution, Numeric) for side in (result.baseline, result.current))
    return {
        "name": result.name,
        "role": result.role,
        "state": result.state.value,
        "why": result.why,
        "decided_by": result.deciding.threshold.measure if result.deciding else None,
        "baseline": _side(result.baseline),
        "current": _side(result.current),
        "checks": [_check(check) for check in result.checks],
        "measures": {name: measured.value for name, measured in sorted(result.measured.items())},
        "approximate": [name for name in sorted(result.measured) if numeric and MEASURES[name].approximate],
    }


def _shape(found: Shape) -> dict[str, Any]:
    return {
        "bars": dataclasses.asdict(found.bars) if found.bars else None,
        **{
            name: [dataclasses.asdict(each) for each in getattr(found, name)]
            for name in ("quantiles", "moved", "new", "lost")
        },
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "measure": check.threshold.measure,
        "value": check.measured.value,
        "threshold": check.threshold.value,
        "of_threshold": check.times if math.isfinite(check.times) else None,
        "from_schema": check.threshold.from_schema,
        "chance": check.measured.chance,
        "exceeded": check.exceeded,
    }


def _side(feature: Optional[Feature]) -> Optional[dict[str, Any]]:
    return {"type": feature.type, "rows": feature.rows, "missing": feature.missing} if feature else None


def _step(step: Step) -> dict[str, Any]:
    return {"label": step.label, "features": {name: _point(point) for name, point in step.features.items()}}


def _point(point: Point) -> dict[str, Any]:
    return {
        "measures": {name: measured.value for name, measured in sorted(point.measured.items())},
        "missing_share": point.missing_share,
        "center": point.center,
        "top": {"name": point.top[0], "share": point.top[1]} if point.top else None,
    }
