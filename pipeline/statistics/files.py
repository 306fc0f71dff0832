"""The files of a statistics page."""

from __future__ import annotations

import os

from components.statistics_page.facts import DataSet, as_json
from components.statistics_page.render import render

PAGE, NUMBERS = "stats.html", "stats.json"


def write(data: DataSet, folder: str) -> list[str]:
    """Write the page and the numbers; returns their paths."""
    os.makedirs(folder, exist_ok=True)
    contents = {PAGE: render(data), NUMBERS: as_json(data)}
    for name, text in contents.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    return [os.path.join(folder, name) for name in contents]
