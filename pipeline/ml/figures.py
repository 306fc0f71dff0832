"""Pictures of several plots, and files of any kind, in a folder that may be a bucket's."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from tfx.dsl.io import fileio

COLUMNS = 3
"""Plots side by side."""


def grid(plots: int, height: float) -> tuple[Figure, list[Axes]]:
    """A figure of so many plots, each `height` inches high."""
    lines = -(-plots // COLUMNS)
    figure = Figure(figsize=(4.5 * COLUMNS, height * lines), layout="constrained")
    return figure, [figure.add_subplot(lines, COLUMNS, place) for place in range(1, plots + 1)]


def png(figure: Figure) -> bytes:
    """The picture's file."""
    picture = io.BytesIO()
    FigureCanvasAgg(figure).print_png(picture)
    return picture.getvalue()


def save(folder: str, contents: Mapping[str, bytes]) -> None:
    """Write files by their names; the folder is made where it is missing."""
    fileio.makedirs(folder)
    for name, content in contents.items():
        with fileio.open(os.path.join(folder, name), "wb") as file:
            file.write(content)
