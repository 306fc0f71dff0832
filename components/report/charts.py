"""The geometry of line and scatter charts; `charts.html.j2` draws it as inline SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

Range = tuple[float, float]
Point = tuple[float, float]

WIDTH, HEIGHT = 360, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 42


@dataclass(frozen=True)
class Series:
    """Points under one name. `kind` is a CSS class of the page: candidate, baseline or guide."""

    name: str
    kind: str
    points: Sequence[Point]
    marks: bool = False
    """Draw a dot for each point."""
    line: bool = True


@dataclass(frozen=True)
class Tick:
    """A place on an axis, in pixels, and what stands there."""

    at: float
    text: str


@dataclass(frozen=True)
class Drawn:
    """A series in pixels."""

    name: str
    kind: str
    path: str
    dots: list[Point]


@dataclass(frozen=True)
class Chart:
    """A chart ready to be drawn, WIDTH by HEIGHT."""

    title: str
    description: str
    """What it shows, for those who cannot see it."""
    x_label: str
    y_label: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    series: list[Drawn]
    table: list[tuple[str, list[tuple[str, str]]]]
    """The same in numbers: (series, [(x, y)])."""


def chart(
    title: str,
    description: str,
    x_label: str,
    y_label: str,
    series: Sequence[Series],
    x_range: Optional[Range] = None,
    y_range: Optional[Range] = None,
) -> Chart:
    """Lay a chart out; a range that is not given is that of the points, with a margin."""
    x_range = x_range or _range([x for each in series for x, _ in each.points])
    y_range = y_range or _range([y for each in series for _, y in each.points])

    def place(point: Point) -> Point:
        x = LEFT + (point[0] - x_range[0]) / (x_range[1] - x_range[0]) * (WIDTH - LEFT - RIGHT)
        y = HEIGHT - BOTTOM - (point[1] - y_range[0]) / (y_range[1] - y_range[0]) * (HEIGHT - TOP - BOTTOM)
        return round(x, 1), round(y, 1)

    return Chart(
        title=title,
        description=description,
        x_label=x_label,
        y_label=y_label,
        x_ticks=[Tick(place((value, y_range[0]))[0], text) for value, text in ticks(x_range)],
        y_ticks=[Tick(place((x_range[0], value))[1], text) for value, text in ticks(y_range)],
        series=[_drawn(each, [place(point) for point in each.points]) for each in series],
        table=[
            (each.name, [(f"{x:.4g}", f"{y:.4g}") for x, y in each.points]) for each in series if each.kind != "guide"
        ],
    )


def ticks(limits: Range) -> list[tuple[float, str]]:
    """Four to eight round values inside the limits."""
    rough = (limits[1] - limits[0]) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first = math.ceil(limits[0] / step - 1e-9)
    values = [index * step for index in range(first, math.floor(limits[1] / step + 1e-9) + 1)]
    digits = max(0, -math.floor(math.log10(step)))
    return [(value, f"{value:,.{digits}f}") for value in values]


def _drawn(series: Series, places: Sequence[Point]) -> Drawn:
    path = "M" + "L".join(f"{x:g},{y:g}" for x, y in places) if series.line and places else ""
    return Drawn(series.name, series.kind, path, list(places) if series.marks else [])


def _range(values: Sequence[float]) -> Range:
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    return low - margin, high + margin
