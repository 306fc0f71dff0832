"""How findings are put into words: on the page, the terminal, in JUnit and in notices."""

from components.drift.catalogue import MEASURES
from components.drift.compare import Check, Result
from components.drift.row_skew import FeatureSkew
from components.drift.state import State
from components.report import page
from components.statistics.shapes import Shape


def reason(check: Check) -> str:
    """Why this measure was taken."""
    return "the schema sets its threshold" if check.threshold.from_schema else MEASURES[check.threshold.measure].reason


def decision(result: Result) -> str:
    """Which measure decided, and why, in a sentence."""
    check = result.deciding
    if check is None:
        return f"Not comparable: {result.why}." if result.why else ""
    value, threshold = page.number(check.measured.value), page.number(check.threshold.value)
    name = check.threshold.title
    said = f"{name[0].upper()}{name[1:]} decides ({reason(check)}): {value}"
    if check.exceeded:
        return f"{said}, above its threshold of {threshold}."
    if check.measured.value > check.threshold.value:
        return f"{said} is above its threshold of {threshold}, but no more than chance explains in so few rows."
    but = f" But not all of it is comparable: {result.why}." if result.state is State.NOT_COMPARABLE else ""
    return f"{said}, within its threshold of {threshold}.{but}"


def alarm(result: Result, part: str = "") -> str:
    """A feature that drifted in a part of the data, or in all of it, in a line."""
    exceeded = [check for check in result.checks if check.exceeded]
    said = (
        f"{each.threshold.title} {page.number(each.measured.value)} > {page.number(each.threshold.value)}"
        for each in exceeded
    )
    return f"{_subject(result, part)}: {', '.join(said)}"


def row_alarm(skew: FeatureSkew) -> str:
    """A feature that differs in rows with the same key, in a line."""
    differ = page.number(skew.pairs - skew.matched)
    return f"{skew.name}: differs in {differ} of {page.number(skew.pairs)} rows with the same key"


def not_comparable(name: str, why: str) -> str:
    """What is not comparable, in a line: a feature or a slice."""
    return f"{name}: not comparable: {why}"


def _subject(result: Result, part: str) -> str:
    name = result.name if result.role == "feature" else f"{result.role} {result.name}"
    return f"{name} in {part}" if part else name


def movement(shape: Shape) -> str:
    """What moved most, in a few words: a quantile or the share of a value; "" where nothing did."""
    quantiles = [each for each in shape.quantiles if 0.05 <= each.share <= 0.95]
    if quantiles:
        most = max(quantiles, key=lambda each: (abs(each.current - each.baseline), -abs(each.share - 0.5)))
        name = "median" if most.share == 0.5 else f"p{100 * most.share:.0f}"
        return _change(name, page.number(most.baseline), page.number(most.current))
    for value in shape.moved[:1]:
        name = value.name if len(value.name) <= 24 else f"{value.name[:23]}…"
        return _change(name or "(empty)", page.percent(value.baseline), page.percent(value.current))
    return ""


def _change(name: str, before: str, after: str) -> str:
    return f"{name} {before} → {after}" if before != after else ""
