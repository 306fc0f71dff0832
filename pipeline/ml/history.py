"""What a training leaves behind for people: history.csv, curves.png, model.txt and model.png."""

from __future__ import annotations

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Sequence

import keras
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from tfx.dsl.io import fileio

COLUMNS = 3
"""Curves side by side in the picture."""


def write(folder: str, model: keras.Model, rows: Sequence[dict[str, float]]) -> None:
    """Write all of it into `folder`; `rows` holds one dict of numbers per epoch."""
    fileio.makedirs(folder)
    _save(folder, "history.csv", as_csv(rows).encode())
    _save(folder, "curves.png", curves(rows))
    _save(folder, "model.txt", summary(model).encode())
    _save(folder, *topology(model))


def as_csv(rows: Sequence[dict[str, float]]) -> str:
    """The history with a header: epoch, then its numbers."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def curves(rows: Sequence[dict[str, float]]) -> bytes:
    """A PNG with one plot per number, training and validation in the same one."""
    names = [name for name in rows[0] if name != "epoch" and not name.startswith("val_")]
    lines = -(-len(names) // COLUMNS)
    figure = Figure(figsize=(4.5 * COLUMNS, 3.2 * lines), layout="constrained")
    epochs = [row["epoch"] for row in rows]
    for place, name in enumerate(names, 1):
        axes = figure.add_subplot(lines, COLUMNS, place, title=name, xlabel="epoch")
        axes.plot(epochs, [row[name] for row in rows], marker="o", markersize=3, label="training")
        if f"val_{name}" in rows[0]:
            axes.plot(epochs, [row[f"val_{name}"] for row in rows], marker="o", markersize=3, label="validation")
            axes.legend()
        axes.grid(alpha=0.3)
    picture = io.BytesIO()
    FigureCanvasAgg(figure).print_png(picture)
    return picture.getvalue()


def summary(model: keras.Model) -> str:
    """Keras' table of layers, shapes and parameters."""
    lines: list[str] = []
    model.summary(line_length=110, expand_nested=True, print_fn=lambda line, **_: lines.append(line))
    return "\n".join(lines) + "\n"


def topology(model: keras.Model) -> tuple[str, bytes]:
    """The file name and the picture of the layers; a text that says why, where the machine cannot draw it."""
    if shutil.which("dot") is None:
        return (
            "model.png.txt",
            b"No picture of the model: Graphviz' `dot` is not installed (Debian: apt install graphviz).\n",
        )
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.png")
        try:
            keras.utils.plot_model(model, path, show_shapes=True, expand_nested=True)
        except AssertionError as error:  # pydot's, where dot crashes, as 2.43 does on some long networks
            return "model.png.txt", f"No picture of the model, which Graphviz cannot draw: {error}\n".encode()
        with open(path, "rb") as file:
            return "model.png", file.read()


def _save(folder: str, name: str, content: bytes) -> None:
    with fileio.open(os.path.join(folder, name), "wb") as file:
        file.write(content)
