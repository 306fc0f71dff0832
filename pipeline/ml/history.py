"""What a training leaves behind for people: history.csv, curves.png, model.txt and model.png."""

from __future__ import annotations

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Sequence

import keras

from pipeline.ml import figures


def write(folder: str, model: keras.Model, rows: Sequence[dict[str, float]]) -> None:
    """Write all of it into `folder`; `rows` holds one dict of numbers per epoch."""
    name, picture = topology(model)
    contents = {
        "history.csv": as_csv(rows).encode(),
        "curves.png": curves(rows),
        "model.txt": summary(model).encode(),
        name: picture,
    }
    figures.save(folder, contents)


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
    figure, plots = figures.grid(len(names), 3.2)
    epochs = [row["epoch"] for row in rows]
    for name, axes in zip(names, plots, strict=True):
        axes.set(title=name, xlabel="epoch")
        axes.plot(epochs, [row[name] for row in rows], marker="o", markersize=3, label="training")
        if f"val_{name}" in rows[0]:
            axes.plot(epochs, [row[f"val_{name}"] for row in rows], marker="o", markersize=3, label="validation")
            axes.legend()
        axes.grid(alpha=0.3)
    return figures.png(figure)


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
