"""When a feature has moved too far: the schema's thresholds or the usual ones, and what chance explains."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from components.drift.catalogue import DEFAULTS
from components.drift.measures import Measured
from components.drift.pairs import Pair
from components.drift.thresholds import Threshold

FALSE_ALARMS = 0.01
"""The share of comparisons of data that did not change which the default thresholds may call drift."""
LEAST_ROWS = 100
"""A slice with fewer on either side says nothing."""


@dataclass(frozen=True)
class Rules:
    """For the whole data.

    Attributes:
        of_schema: the schema's thresholds, by feature; none for one that is to be checked for nothing.
        chance: what is no less probable where nothing changed is no alarm.
    """

    of_schema: Mapping[str, Sequence[Threshold]]
    chance: float

    def thresholds(self, pair: Pair) -> Sequence[Threshold]:
        """Those of the schema take the place of the usual ones."""
        return _thresholds(pair, self.of_schema)

    def exceeded(self, threshold: Threshold, measured: Measured) -> bool:
        """Chance does not count for thresholds of the schema."""
        above = measured.value > threshold.value
        return above and (threshold.from_schema or self._beyond_chance(measured))

    def too_few(self, pair: Pair) -> str:
        """Why there are too few rows to check anything; "" where there are enough."""
        del pair
        return ""

    def _beyond_chance(self, measured: Measured) -> bool:
        return measured.chance is not None and measured.chance < self.chance


class RulesOfSlice(Rules):
    """For a slice: thresholds are chosen for the whole data, so that chance counts for all of them."""

    def exceeded(self, threshold: Threshold, measured: Measured) -> bool:
        """See Rules."""
        return measured.value > threshold.value and self._beyond_chance(measured)

    def too_few(self, pair: Pair) -> str:
        """See Rules."""
        return f"fewer than {LEAST_ROWS} rows of the slice are too few to say anything" if _few(pair) else ""


def rules_of(
    of_schema: Mapping[str, Sequence[Threshold]], whole: Collection[Pair], sliced: Collection[Pair]
) -> tuple[Rules, RulesOfSlice]:
    """Those for features of the whole data and for features of slices: all their checks share FALSE_ALARMS."""
    checked = (*whole, *(pair for pair in sliced if not _few(pair)))
    chance = FALSE_ALARMS / max(sum(len(_thresholds(pair, of_schema)) for pair in checked), 1)
    return Rules(of_schema, chance), RulesOfSlice(of_schema, chance)


def _thresholds(pair: Pair, of_schema: Mapping[str, Sequence[Threshold]]) -> Sequence[Threshold]:
    usual = [Threshold(name, value, False) for name, value in DEFAULTS.items() if name in pair.measured]
    return of_schema.get(pair.name, usual)


def _few(pair: Pair) -> bool:
    return min(each.rows if each else 0 for each in (pair.baseline, pair.current)) < LEAST_ROWS
