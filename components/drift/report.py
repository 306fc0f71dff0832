"""What a comparison of two data sets found, for people and for programs."""

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import Optional

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.drift.anomalies import Anomaly
from components.drift.compare import Result, Role, State, compare
from components.drift.history import Step
from components.drift.row_skew import RowSkew
from components.drift.slices import whole
from components.drift.thresholds import Kind
from components.errors import ExitCode

APPROXIMATE = ("kolmogorov_smirnov", "wasserstein", "psi", "hellinger", "cramers_v")
"""Measures of numbers that a histogram gives only nearly; of categories all are exact that are counted one by one."""
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
        results: of the whole data, sorted by severity.
        slices: results by TFDV's name of a slice, for those that both sides have.
        history: from span to span, oldest first.
        row_skew: None where rows were not compared one by one.
    """

    kind: Kind
    baseline: Side
    current: Side
    results: Sequence[Result]
    made: datetime.datetime
    slices: Mapping[str, Sequence[Result]] = dataclasses.field(default_factory=dict)
    anomalies: Sequence[Anomaly] = ()
    history: Sequence[Step] = ()
    row_skew: Optional[RowSkew] = None

    def count(self, state: State) -> int:
        """Features in that state."""
        return sum(result.state is state for result in self.results)

    @property
    def exit_code(self) -> ExitCode:
        """GATE over a threshold, NOT_COMPARABLE where nothing could be compared, else OK."""
        if self.count(State.DRIFT):
            return ExitCode.GATE
        return ExitCode.OK if self.count(State.OK) else ExitCode.NOT_COMPARABLE

    @property
    def verdict(self) -> str:
        """In one sentence."""
        compared = self.count(State.DRIFT) + self.count(State.OK)
        if not compared:
            return f"None of the {len(self.results)} features can be compared"
        word = "Drift" if self.kind == "drift" else "Skew"
        found = f"{word} in {self.count(State.DRIFT)}" if self.count(State.DRIFT) else f"No {word.lower()} in any"
        rest = f"; {self.count(State.NOT_COMPARABLE)} not comparable" if self.count(State.NOT_COMPARABLE) else ""
        return f"{found} of {compared} features{rest}"


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
    results = compare(whole(baseline[1]), whole(current[1]), schema, kind, roles or {})
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    return Report(kind, baseline[0], current[0], sorted(results, key=severity), now)


def severity(result: Result) -> tuple[int, float, str]:
    """Sorts the worst first: by state, then by how many times its threshold a feature reaches."""
    return _ORDER[result.state], -times(result), result.name


def times(result: Result) -> float:
    """The largest share of a threshold that a feature's checks reach."""
    return max(
        (each.measured.value / each.threshold.value for each in result.checks if each.threshold.value), default=0
    )
