"""What a model answers to some rows of a block."""

from __future__ import annotations

import numpy as np

from components.errors import InputError, close_matches
from components.example_gen.cells import Cells, Kind, readable
from components.example_gen.formats import Block
from components.saved_model import Model


def answers(model: Model, input_format: str, file: str, block: Block, start: int, stop: int) -> dict[str, np.ndarray]:
    """The predicted columns of the rows from `start` to `stop`, each of shape [stop - start].

    Raises:
        InputError: a column is missing, or a cell is no number where the model takes numbers.
    """
    if input_format == "tfrecord":
        try:
            return model.of_examples([block.origin.raw(row) for row in range(start, stop)])
        except InputError as error:
            raise InputError(f"{file}, from {block.origin.place(start)}: {error}") from error
    columns = {}
    for name, is_text in model.columns.items():
        if name not in block.columns:
            known = ", ".join(block.columns)
            hint = close_matches(name, list(block.columns))
            raise InputError(f"{file}: the model needs a column {name!r}.{hint} The file has: {known}")
        cells = block.columns[name].slice(start, stop)
        texts = np.array(cells.texts().to_pylist(), object) if is_text else None
        columns[name] = _numbers(cells, file, block, start, name) if texts is None else texts
    return model.of_columns(columns)


def _numbers(cells: Cells, file: str, block: Block, start: int, name: str) -> np.ndarray:
    """The cells as float64, NaN where missing."""
    if cells.infer().kind == Kind.BYTES:
        for row, text in enumerate(cells.texts().to_pylist()):
            if text and not _is_number(text):
                place = block.origin.place(start + row)
                raise InputError(f"{file}, {place}: expected a number in {name!r}. Received: {readable(text)!r}")
    return cells.numbers().astype(np.float64)


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
