"""What a comparison of two data sets found, for people and for programs."""

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import Optional

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.anomalies import Anomaly
from components.drift.compare import Result, Role, compare_sliced
from components.drift.history import Step
from components.drift.row_skew import RowSkew
from components.drift.rules import LEAST_ROWS
from components.drift.state import State
from components.drift.thresholds import Kind
from components.errors import ExitCode
from components.report import page
from components.statistics.slices import slices, whole

_ROLES: Sequence[Role] = ("label", "prediction", "feature")
_ORDER = {State.DRIFT: 0, State.NOT_COMPARABLE: 1, State.OK: 2}


@dataclasses.dataclass(frozen=True)
class Side:
    """One of the two data sets.

    Attributes:
        made: when its statistics were made.
    """

    name: str
    source: str
    rows: int
    span: Optional[int] = None
    made: Optional[datetime.datetime] = None


@dataclasses.dataclass(frozen=True)
class Report:
    """All that the page and the files beside it show.

    Attributes:
        results: of the whole data: labels, predictions, features, each sorted by severity.
        slices: results by TFDV's name of a slice, for those that both sides have.
        lone_slices: those of one side, each with the reason why it is not comparable.
        history: from span to span, oldest first.
        row_skew: None where rows were not compared one by one.
        notes: what else a reader should know.
    """

    kind: Kind
    baseline: Side
    current: Side
    results: Sequence[Result]
    made: datetime.datetime
    slices: Mapping[str, Sequence[Result]] = dataclasses.field(default_factory=dict)
    lone_slices: Mapping[str, str] = dataclasses.field(default_factory=dict)
    anomalies: Sequence[Anomaly] = ()
    history: Sequence[Step] = ()
    row_skew: Optional[RowSkew] = None
    notes: Sequence[str] = ()

    def count(self, state: State) -> int:
        """Features in that state."""
        return sum(result.state is state for result in self.results)

    @property
    def state(self) -> State:
        """DRIFT over a threshold anywhere, NOT_COMPARABLE where nothing could be compared or not what is asked for."""
        if self.count(State.DRIFT) or self._drifted_slices or (self.row_skew and self.row_skew.exceeded):
            return State.DRIFT
        joined = self.row_skew is None or self.row_skew.pairs
        return State.OK if self.count(State.OK) and joined and not self.missed else State.NOT_COMPARABLE

    @property
    def missed(self) -> list[Result]:
        """Of what is asked for, what cannot be compared."""
        return [each for each in self.results if each.required and each.state is State.NOT_COMPARABLE]

    @property
    def exit_code(self) -> ExitCode:
        """What a command that makes the report ends with."""
        return self.state.exit_code

    @property
    def incomparable_slices(self) -> dict[str, str]:
        """The slices of which nothing can be compared, each with the reason."""
        incomparable = {
            name: results[0].why if results else "no features on either side"
            for name, results in self.slices.items()
            if all(each.state is State.NOT_COMPARABLE for each in results)
        }
        return incomparable | dict(self.lone_slices)

    @property
    def verdict(self) -> str:
        """In one sentence: what drifted first, and of it labels and predictions."""
        parts = [self._of_role(each) for each in self.results if each.role != "feature"]
        parts += filter(None, ["; ".join(self._of_features()), "; ".join(self._of_slices())])
        if self.row_skew:
            parts.append(self.row_skew.verdict)
        text = "; ".join(sorted(parts, key=lambda part: not part.startswith(self.kind))) or "neither side has a feature"
        return text[0].upper() + text[1:]

    @property
    def _drifted_slices(self) -> int:
        return sum(any(each.state is State.DRIFT for each in results) for results in self.slices.values())

    def _of_role(self, result: Result) -> str:
        name = f"the {result.role}" if result.name == result.role else f"the {result.role} {result.name}"
        if result.state is State.NOT_COMPARABLE:
            return f"{name} is not comparable"
        return f"{self.kind if result.state is State.DRIFT else f'no {self.kind}'} in {name}"

    def _of_features(self) -> list[str]:
        states = [each.state for each in self.results if each.role == "feature"]
        compared = sum(state is not State.NOT_COMPARABLE for state in states)
        if not compared:
            return [f"none of the {len(states)} features can be compared"] if states else []
        drifted = states.count(State.DRIFT)
        found = f"{self.kind} in {drifted}" if drifted else f"no {self.kind} in any"
        incomparable = len(states) - compared
        return [f"{found} of {compared} features", *([f"{incomparable} not comparable"] if incomparable else [])]

    def _of_slices(self) -> list[str]:
        incomparable = len(self.incomparable_slices)
        compared = len(self.slices) + len(self.lone_slices) - incomparable
        drifted = self._drifted_slices
        found = f"{self.kind} in {drifted}" if drifted else f"no {self.kind} in any"
        rest = f"{page.counted(incomparable, 'slice')} not comparable"
        return [*([f"{found} of {compared} slices"] if compared else []), *([rest] if incomparable else [])]


def report(
    baseline: tuple[Side, statistics_pb2.DatasetFeatureStatisticsList],
    current: tuple[Side, statistics_pb2.DatasetFeatureStatisticsList],
    schema: Optional[schema_pb2.Schema],
    kind: Kind,
    roles: Optional[Mapping[str, Role]] = None,
) -> Report:
    """Compare two data sets.

    Args:
        baseline, current: the sides; their statistics may hold slices.
        schema: whose comparators are the thresholds; default ones where it says nothing.
        kind: which of the schema's comparators.
        roles: of the columns that are labels or predictions.

    Raises:
        InputError: the schema's tags are wrong, or there are no statistics of all rows.
    """
    before, after = slices(baseline[1]), slices(current[1])
    shared = {name: (before[name], after[name]) for name in sorted(before.keys() & after.keys())}
    results, within = compare_sliced((whole(baseline[1]), whole(current[1])), shared, schema, kind, roles or {})
    lone = dict.fromkeys(sorted(before.keys() - after.keys()), "the current data does not have it")
    lone |= dict.fromkeys(sorted(after.keys() - before.keys()), "the baseline does not have it")
    return Report(
        kind,
        baseline[0],
        current[0],
        sorted(results, key=severity),
        datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0),
        {name: sorted(each, key=severity) for name, each in within.items()},
        lone,
        notes=[
            f"{side.name} has {page.counted(side.rows, 'row')}: only gross drift is more than chance in so few"
            for side, _ in (baseline, current)
            if side.rows < LEAST_ROWS
        ],
    )


def severity(result: Result) -> tuple[int, int, float, str]:
    """Sorts by role, then the worst first: by state, then by how many times its threshold a feature reaches."""
    times = result.deciding.times if result.deciding else 0.0
    return _ROLES.index(result.role), _ORDER[result.state], -times, result.name
