"""The measures of how far two distributions are apart: what each is called, what sets its threshold, and the usual one.

drift.schema.json lists the same keys.
"""

from dataclasses import dataclass
from typing import Optional

KOLMOGOROV_SMIRNOV = "kolmogorov_smirnov"
WASSERSTEIN = "wasserstein"
PSI = "psi"
HELLINGER = "hellinger"
CRAMERS_V = "cramers_v"
L_INFINITY = "l_infinity"
JENSEN_SHANNON = "jensen_shannon_divergence"
ABSOLUTE_DIFFERENCE = "normalized_abs_difference"
MISSING = "missing"
NEW_VALUES = "new_values"


@dataclass(frozen=True)
class OfTfdv:
    """What TFDV says of a measure of its own.

    Attributes:
        comparator: the field of a schema's comparator that has its threshold.
        measurement: the type that TFDV's answer has.
        of_numbers: whether it means anything for a number; of the others TFDV says 0.0.
    """

    comparator: str
    measurement: str
    of_numbers: bool = False


@dataclass(frozen=True)
class Measure:
    """One of them.

    Attributes:
        key: its name in files, and in tags of a schema.
        title: its name for people.
        default: its threshold where the schema sets none for a feature; None where it is not held against one.
        reason: why it is taken by default.
        approximate: whether it is, of numbers, from a histogram; of categories that are counted one by one all are
            exact.
        of_tfdv: None where TFDV has no such measure, so that a tag sets its threshold.
    """

    key: str
    title: str
    default: Optional[float] = None
    reason: str = ""
    approximate: bool = False
    of_tfdv: Optional[OfTfdv] = None


MEASURES = {
    each.key: each
    for each in (
        Measure(
            KOLMOGOROV_SMIRNOV,
            "Kolmogorov-Smirnov",
            0.05,
            "a number: the largest difference of the shares below any value, whatever its scale",
            approximate=True,
        ),
        Measure(WASSERSTEIN, "Wasserstein, in deviations", approximate=True),
        Measure(PSI, "population stability index", approximate=True),
        Measure(HELLINGER, "Hellinger", approximate=True),
        Measure(CRAMERS_V, "chi-square (Cramér's V)", approximate=True),
        Measure(
            L_INFINITY,
            "L-infinity",
            0.05,
            "a category: the largest change of one value's share",
            of_tfdv=OfTfdv("infinity_norm", "L_INFTY"),
        ),
        Measure(
            JENSEN_SHANNON,
            "Jensen-Shannon divergence",
            of_tfdv=OfTfdv("jensen_shannon_divergence", "JENSEN_SHANNON_DIVERGENCE", of_numbers=True),
        ),
        Measure(
            ABSOLUTE_DIFFERENCE,
            "normalized absolute difference",
            of_tfdv=OfTfdv("normalized_abs_difference", "NORMALIZED_ABSOLUTE_DIFFERENCE"),
        ),
        Measure(MISSING, "change of missing values", 0.02, "rows without a value"),
        Measure(
            NEW_VALUES, "share of new values", 0.005, "a category: rows with values that the baseline does not have"
        ),
    )
}
DEFAULTS = {key: each.default for key, each in MEASURES.items() if each.default is not None}
"""The usual thresholds."""
COMPARATORS = {key: each.of_tfdv.comparator for key, each in MEASURES.items() if each.of_tfdv}
"""The fields of a schema's comparators that set the threshold of TFDV's measures; tags set those of the others."""
