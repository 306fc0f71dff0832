"""The facts as one HTML page."""

from components.report import page
from components.statistics_page.facts import DataSet


def render(data: DataSet) -> str:
    """The page as text."""
    return page.render(
        "statistics_page",
        "statistics.html.j2",
        data=data,
        numbers=[each for each in data.features if each.number],
        texts=[each for each in data.features if each.text],
        others=[each for each in data.features if each.why_empty],
        ids={each.name: f"f{number}" for number, each in enumerate(data.features)},
    )
