"""Features put side by side, with every measure that means something for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional, Union

from tensorflow_metadata.proto.v0 import statistics_pb2

from components.drift import measures, tfdv_measures
from components.drift.catalogue import CRAMERS_V, DEFAULTS, L_INFINITY
from components.drift.measures import Measured
from components.statistics.distributions import Categorical, Numeric
from components.statistics.features import Feature, features

_UNCOUNTED = DEFAULTS[L_INFINITY]
"""The greatest share of values that may be known together only: more could hide a change that is drift."""


@dataclass(frozen=True)
class Pair:
    """A feature on both sides.

    Attributes:
        baseline, current: None where that data set has no such feature.
        measured: by name of the measure.
    """

    name: str
    baseline: Optional[Feature]
    current: Optional[Feature]
    measured: Mapping[str, Measured]

    @property
    def why_not(self) -> str:
        """Why the values cannot be compared; "" where they can."""
        if self.baseline is None or self.current is None:
            neither = "neither side has it, but the schema has thresholds for it"
            one = f"the {'baseline' if self.baseline is None else 'current data'} does not have it"
            return neither if self.baseline is self.current else one
        for side, feature in (("baseline", self.baseline), ("current data", self.current)):
            if feature.distribution is None:
                return f"in the {side} {feature.why_not}"
            if isinstance(feature.distribution, Categorical) and feature.distribution.uncounted > _UNCOUNTED:
                share = f"{100 * feature.distribution.uncounted:.0f} %"
                return f"in the {side} {share} of its values are too rare or too long for TFDV to count them one by one"
        if type(self.baseline.distribution) is not type(self.current.distribution):
            return f"its type was {self.baseline.type} and is {self.current.type}"
        return ""


def pairs(
    baseline: statistics_pb2.DatasetFeatureStatistics, current: statistics_pb2.DatasetFeatureStatistics
) -> dict[str, Pair]:
    """All features of either side by name, in the order of their names."""
    before, after = features(baseline), features(current)
    both = sorted(before.keys() & after.keys())
    counted, numeric = (
        [name for name in both if _are(before[name], after[name], kind)] for kind in (Categorical, Numeric)
    )
    of_tfdv = tfdv_measures.measure(baseline, current, counted, numeric)
    measured = {name: _measured(before[name], after[name], of_tfdv.get(name, {})) for name in both}
    return {
        name: Pair(name, before.get(name), after.get(name), measured.get(name, {}))
        for name in sorted(before.keys() | after.keys())
    }


def _are(baseline: Feature, current: Feature, kind: Union[type[Categorical], type[Numeric]]) -> bool:
    return isinstance(baseline.distribution, kind) and isinstance(current.distribution, kind)


def _measured(baseline: Feature, current: Feature, of_tfdv: Mapping[str, float]) -> dict[str, Measured]:
    before, after = baseline.distribution, current.distribution
    found = {}
    if isinstance(before, Numeric) and isinstance(after, Numeric):
        found = measures.of_numbers(before, after)
    elif isinstance(before, Categorical) and isinstance(after, Categorical):
        found = measures.of_categories(before, after)
    # TFDV's measures are of the same counts or shares as Pearson's test: what chance explains of one it does of all.
    chance = found[CRAMERS_V].chance if found else None
    theirs = {name: Measured(value, chance) for name, value in of_tfdv.items()}
    return theirs | found | measures.of_missing(baseline, current)
