"""Two statistics compared, feature by feature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Optional

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.drift import thresholds
from components.drift.measures import Measured
from components.drift.pairs import Pair, pairs
from components.drift.rules import Rules, rules_of
from components.drift.state import State
from components.drift.thresholds import Kind, Threshold
from components.errors import InputError, close_matches
from components.statistics.features import Feature

Role = Literal["feature", "label", "prediction"]

Sides = tuple[statistics_pb2.DatasetFeatureStatistics, statistics_pb2.DatasetFeatureStatistics]

_SHOWN = 5


@dataclass(frozen=True)
class Check:
    """A measure held against its threshold.

    Attributes:
        exceeded: above a threshold of the schema; above a default one and beyond what chance explains.
    """

    threshold: Threshold
    measured: Measured
    exceeded: bool

    @property
    def times(self) -> float:
        """How many times its threshold the value is: infinite for what is above a threshold of 0."""
        if not self.threshold.value:
            return float("inf") if self.measured.value > 0 else 0.0
        return self.measured.value / self.threshold.value


@dataclass(frozen=True)
class Result:
    """What is known of a feature.

    Attributes:
        why: why it is not comparable; "" where it is.
        required: whether it is no pass where it is not comparable: it has a role, or the schema has thresholds for it.
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
    required: bool = False

    @property
    def deciding(self) -> Optional[Check]:
        """The check that reaches furthest: one that is exceeded before one that chance explains."""
        return max(self.checks, key=lambda check: (check.exceeded, check.times), default=None)


def compare(
    baseline: statistics_pb2.DatasetFeatureStatistics,
    current: statistics_pb2.DatasetFeatureStatistics,
    schema: Optional[schema_pb2.Schema],
    kind: Kind,
    roles: Mapping[str, Role],
) -> list[Result]:
    """All features of either side, in the order of their names; a feature without a role is one of the model's.

    Raises:
        InputError: the schema's tags are wrong, it is one of other data, or no feature has the name of a role.
    """
    return compare_sliced((baseline, current), {}, schema, kind, roles)[0]


def compare_sliced(
    whole: Sides,
    slices: Mapping[str, Sides],
    schema: Optional[schema_pb2.Schema],
    kind: Kind,
    roles: Mapping[str, Role],
) -> tuple[list[Result], dict[str, list[Result]]]:
    """All features of either side in the whole data and in each slice.

    However many slices there are, all comparisons together stay below FALSE_ALARMS.

    Raises:
        InputError: the schema's tags are wrong, it is one of other data, or no feature has the name of a role.
    """
    of_schema = {name: each for name, each in thresholds.of_schema(schema, kind).items() if each}
    of_schema |= {name: [] for name in thresholds.unchecked(schema) - roles.keys()}
    found, *parts = [pairs(*sides) for sides in (whole, *slices.values())]
    _check_names(found, schema, roles)
    wanted = {name for name, each in of_schema.items() if each}
    absent = {name: Pair(name, None, None, {}) for name in sorted(wanted - found.keys())}
    rules, within = rules_of(of_schema, found.values(), [pair for part in parts for pair in part.values()])
    return (
        [_result(pair, rules, roles) for pair in (found | absent).values()],
        {
            name: [_result(pair, within, roles) for pair in part.values()]
            for name, part in zip(slices, parts, strict=True)
        },
    )


def _check_names(found: Mapping[str, Pair], schema: Optional[schema_pb2.Schema], roles: Mapping[str, Role]) -> None:
    for name, role in roles.items():
        if name not in found:
            raise InputError(
                f"no column {name!r} on either side, which is to be the {role}." + close_matches(name, found)
            )
    described = thresholds.names(schema) if schema else []
    if described and found and not found.keys() & set(described):
        raise InputError(
            f"the schema is one of other data: none of its features ({', '.join(described[:_SHOWN])}, …) is among "
            f"those that are compared ({', '.join([*found][:_SHOWN])}, …)"
        )


def _result(pair: Pair, rules: Rules, roles: Mapping[str, Role]) -> Result:
    held_against = rules.thresholds(pair)
    few = rules.too_few(pair)
    checks = [
        Check(each, pair.measured[each.measure], rules.exceeded(each, pair.measured[each.measure]))
        for each in held_against
        if each.measure in pair.measured and not few
    ]
    why = _why_not(pair, held_against) or few
    passed = State.NOT_COMPARABLE if why else State.OK
    state = State.DRIFT if any(check.exceeded for check in checks) else passed
    role = roles.get(pair.name, "feature")
    required = role != "feature" or bool(rules.of_schema.get(pair.name))
    return Result(pair.name, state, why, checks, pair.measured, pair.baseline, pair.current, role, required)


def _why_not(pair: Pair, held_against: Sequence[Threshold]) -> str:
    if not held_against and not pair.why_not:
        return "the schema has it in a stage of which TFDV checks nothing"
    meaningless = [each.measure for each in held_against if each.measure not in pair.measured]
    if not pair.why_not and pair.current and meaningless:
        return f"{', '.join(meaningless)} of the schema means nothing for one of type {pair.current.type} such as this"
    return pair.why_not
