"""Two statistics compared, feature by feature."""

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Optional, Union

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.drift import measures, tfdv_measures, thresholds
from components.drift.distributions import Categorical, Numeric
from components.drift.features import Feature, features
from components.drift.measures import Measured
from components.drift.thresholds import Kind, Threshold

Role = Literal["feature", "label", "prediction"]

FALSE_ALARMS = 0.01
"""The share of comparisons of data that did not change which the default thresholds may call drift."""


class State(enum.Enum):
    """What came of a feature. Only OK is a pass."""

    DRIFT = "drift"
    NOT_COMPARABLE = "not comparable"
    OK = "ok"


@dataclass(frozen=True)
class Check:
    """A measure held against its threshold.

    Attributes:
        exceeded: above a threshold of the schema; above a default one and beyond what chance explains.
    """

    threshold: Threshold
    measured: Measured
    exceeded: bool


@dataclass(frozen=True)
class Result:
    """What is known of a feature.

    Attributes:
        why: why it is not comparable; "" where it is.
        measured: every measure that means something for its type, by name.
        baseline, current: its sides; None where that data set has no such feature.
    """

    name: str
    state: State
    why: str
    checks: Sequence[Check]
    measured: Mapping[str, Measured]
    baseline: Optional[Feature]
    current: Optional[Feature]
    role: Role = "feature"


def compare(
    baseline: statistics_pb2.DatasetFeatureStatistics,
    current: statistics_pb2.DatasetFeatureStatistics,
    schema: Optional[schema_pb2.Schema],
    kind: Kind,
    roles: Mapping[str, Role],
) -> list[Result]:
    """All features of either side, in the order of their names; a feature without a role is one of the model's."""
    before, after = features(baseline), features(current)
    pairs = {name: _Pair(before[name], after[name]) for name in sorted(before.keys() & after.keys())}
    counted, numeric = ([name for name, pair in pairs.items() if pair.are(each)] for each in (Categorical, Numeric))
    of_tfdv = tfdv_measures.measure(baseline, current, counted, numeric)
    measured = {name: pair.measured(of_tfdv.get(name, {})) for name, pair in pairs.items()}
    told = thresholds.of_schema(schema, kind)
    chances = sum(len(each) for each in measured.values())
    results = [
        _result(pairs[name], measured[name], told.get(name, []), FALSE_ALARMS / max(chances, 1))
        if name in pairs
        else _one_sided(name, before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
    ]
    return [dataclasses.replace(each, role=roles.get(each.name, each.role)) for each in results]


@dataclass(frozen=True)
class _Pair:
    baseline: Feature
    current: Feature

    def are(self, kind: Union[type[Categorical], type[Numeric]]) -> bool:
        return isinstance(self.baseline.distribution, kind) and isinstance(self.current.distribution, kind)

    def measured(self, of_tfdv: Mapping[str, float]) -> dict[str, Measured]:
        before, after = self.baseline.distribution, self.current.distribution
        found = {name: Measured(value) for name, value in of_tfdv.items()}
        if isinstance(before, Numeric) and isinstance(after, Numeric):
            found |= measures.of_numbers(before, after)
        elif isinstance(before, Categorical) and isinstance(after, Categorical):
            found |= measures.of_categories(before, after)
        return found | measures.of_missing(self.baseline, self.current)

    @property
    def why_not(self) -> str:
        for side, feature in (("baseline", self.baseline), ("current data", self.current)):
            if feature.distribution is None:
                return f"in the {side} {feature.why_not}"
        if type(self.baseline.distribution) is not type(self.current.distribution):
            return f"a {self.baseline.type} has become a {self.current.type}"
        return ""


def _one_sided(name: str, baseline: Optional[Feature], current: Optional[Feature]) -> Result:
    why = "the current data does not have it" if current is None else "the baseline does not have it"
    return Result(name, State.NOT_COMPARABLE, why, (), {}, baseline, current)


def _result(pair: _Pair, measured: Mapping[str, Measured], told: Sequence[Threshold], chance: float) -> Result:
    """Thresholds of the schema take the place of the default ones."""
    usual = [Threshold(name, value, False) for name, value in thresholds.DEFAULTS.items()]
    why = pair.why_not
    meaningless = [each.measure for each in told if each.measure not in measured]
    if meaningless and not why:
        why = f"{', '.join(meaningless)} of the schema means nothing for a {pair.current.type} such as this"
    checks = [
        Check(each, measured[each.measure], _exceeded(each, measured[each.measure], chance))
        for each in told or usual
        if each.measure in measured
    ]
    passed = State.NOT_COMPARABLE if why else State.OK
    state = State.DRIFT if any(check.exceeded for check in checks) else passed
    return Result(pair.current.name, state, why, checks, measured, pair.baseline, pair.current)


def _exceeded(threshold: Threshold, measured: Measured, chance: float) -> bool:
    if not measured.value > threshold.value:
        return False
    return threshold.from_schema or measured.chance is None or measured.chance < chance
