"""The report for programs: `drift.json`, as `drift.schema.json` describes it."""

import dataclasses
import json
from typing import Any, Optional

from components.drift import shapes
from components.drift.compare import Result, State
from components.drift.features import Feature
from components.drift.report import Report, Side


def as_json(found: Report) -> str:
    """The report as text."""
    return json.dumps(
        {
            "version": 1,
            "kind": found.kind,
            "made": found.made.isoformat(),
            "exit_code": int(found.exit_code),
            "verdict": found.verdict,
            "baseline": _data(found.baseline),
            "current": _data(found.current),
            "counts": {state.value: found.count(state) for state in State},
            "features": [_feature(result) for result in found.results],
            "slices": {name: [_feature(result) for result in each] for name, each in found.slices.items()},
            "lone_slices": found.lone_slices,
            "row_skew": dataclasses.asdict(found.row_skew) if found.row_skew else None,
            "notes": found.notes,
        },
        indent=1,
        allow_nan=False,
    )


def _data(side: Side) -> dict[str, Any]:
    return {**dataclasses.asdict(side), "made": side.made.isoformat() if side.made else None}


def _feature(result: Result) -> dict[str, Any]:
    sides = [side.distribution if side else None for side in (result.baseline, result.current)]
    bars = shapes.bars(*sides)
    return {
        "name": result.name,
        "role": result.role,
        "state": result.state.value,
        "why": result.why,
        "baseline": _side(result.baseline),
        "current": _side(result.current),
        "checks": [
            {
                "measure": check.threshold.measure,
                "value": check.measured.value,
                "threshold": check.threshold.value,
                "from_schema": check.threshold.from_schema,
                "chance": check.measured.chance,
                "exceeded": check.exceeded,
            }
            for check in result.checks
        ],
        "measures": {name: measured.value for name, measured in sorted(result.measured.items())},
        "bars": dataclasses.asdict(bars) if bars else None,
        "quantiles": [dataclasses.asdict(each) for each in shapes.quantiles(*sides)],
        "moved": [dataclasses.asdict(each) for each in shapes.moved(*sides)],
    }


def _side(feature: Optional[Feature]) -> Optional[dict[str, Any]]:
    return {"type": feature.type, "rows": feature.rows, "missing": feature.missing} if feature else None
