"""Rendering a page from a template that extends `base.html.j2`."""

import math
import pathlib
from typing import Any, Optional

import jinja2
import markupsafe

from components.report import paths

_HERE = "report"
_SUFFIXES = (".j2", ".css", ".js")
_LARGE = 1e16
"""From here on a number has more digits than are known of it."""


def render(package: str, template: str, **values: Any) -> str:
    """The page as text.

    Args:
        package: the folder of `components` that holds the template.
        template: its file name.
        values: what it shows; all text is escaped.
    """
    loaders = [jinja2.PackageLoader("components", folder) for folder in (package, _HERE)]
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, counted=counted, signed=signed, percent=percent, chance=chance)
    environment.filters.update(steps=paths.steps, line=paths.line, dots=paths.dots)
    environment.globals["asset"] = lambda name: markupsafe.Markup(environment.get_template(name).render())
    return environment.get_template(template).render(**values)


def files(package: str) -> tuple[str, ...]:
    """The templates, styles and scripts that the pages of `package` are made of."""
    folders = [pathlib.Path(__file__).parents[1] / folder for folder in (package, _HERE)]
    return tuple(str(path) for folder in folders for path in sorted(folder.iterdir()) if path.suffix in _SUFFIXES)


def number(value: Optional[float]) -> str:
    """A number for a person: four digits that count and all before the point, in groups; an en dash for None."""
    if value is None or not math.isfinite(value):
        return "–"
    if abs(value) >= _LARGE:
        return f"{value:.4g}"
    if value == int(value):
        return f"{int(value):,}"
    if abs(value) < 0.0001:
        return f"{value:.1e}".replace("e-0", "e-")
    if abs(value) < 10:
        return f"{value:,.4f}"
    return f"{value:.4g}" if abs(value) < 999.95 else f"{value:,.0f}"


def counted(count: int, noun: str) -> str:
    """A count of things: `1 row`, `2,000 rows`."""
    return f"{number(count)} {noun}" if count == 1 else f"{number(count)} {noun}s"


def signed(value: Optional[float]) -> str:
    """A change, with its sign."""
    text = number(value)
    return f"+{text}" if value is not None and value > 0 else text


def percent(share: float) -> str:
    """A share for a person; neither a few are called none nor nearly all all."""
    if 0 < share < 0.0005:
        return "< 0.1 %"
    if 0.9995 <= share < 1:
        return "> 99.9 %"
    return f"{100 * share:.1f} %" if share < 1 else "100 %"


def chance(value: Optional[float]) -> str:
    """A probability, in words where it is tiny; an en dash for None."""
    if value is None:
        return "–"
    return "< 1 in 10,000" if value < 1e-4 else f"{value:.2g}"
