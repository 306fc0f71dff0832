"""Starting from the weights of the latest blessed model.

Weights travel beside the SavedModel, in `assets.extra/`, which serving ignores. A vocabulary grows and
changes its order from span to span, so the rows that belong to its values are moved to where the new
vocabulary has them; values that the old model never saw keep their fresh start.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import keras
import numpy as np
from tfx.dsl.io import fileio

from components.errors import InputError
from pipeline.ml.encoding import SparseLinear, layer_name, one_hots
from pipeline.ml.inputs import ModelInput

FILE = os.path.join("assets.extra", "weights.npz")


def save(folder: str, model: keras.Model, inputs: Sequence[ModelInput]) -> None:
    """Put the weights and the meaning of their rows beside the SavedModel in `folder`."""
    arrays = {path: keras.ops.convert_to_numpy(each) for path, each in _weights(model).items()}
    meaning = [
        {"name": i.name, "size": i.size, "vocabulary": i.vocabulary, "one_hot": i in one_hots(inputs)} for i in inputs
    ]
    buffer = io.BytesIO()
    np.savez(buffer, json=np.array(json.dumps(meaning)), **{f"weights/{path}": array for path, array in arrays.items()})
    path = os.path.join(folder, FILE)
    fileio.makedirs(os.path.dirname(path))
    with fileio.open(path, "wb") as file:
        file.write(buffer.getvalue())


def load(folder: str, model: keras.Model, inputs: Sequence[ModelInput]) -> None:
    """Give `model` the weights of the SavedModel in `folder`.

    Raises:
        InputError: there are no weights, or the layers differ; names them.
    """
    path = os.path.join(folder, FILE)
    if not fileio.exists(path):
        raise InputError(f"trainer.warm_start: {folder} holds no weights ({FILE}): it was not exported by this project")
    with fileio.open(path, "rb") as file:
        arrays = dict(np.load(io.BytesIO(file.read()), allow_pickle=False))
    old_inputs = {each["name"]: each for each in json.loads(str(arrays.pop("json")))}
    old = {name.removeprefix("weights/"): array for name, array in arrays.items()}
    new = _weights(model)
    moves = _moves(model, inputs, old_inputs)
    _compare(old, new, moves)
    for name, variable in new.items():
        if name in moves:
            variable.assign(_moved(old[name], keras.ops.convert_to_numpy(variable), moves[name]))
        else:
            variable.assign(old[name])


def _weights(model: keras.Model) -> dict[str, keras.Variable]:
    """The weights by path, without the state of random numbers."""
    return {each.path: each for each in model.weights}


def _compare(old: Mapping[str, np.ndarray], new: Mapping[str, keras.Variable], moves: Mapping[str, np.ndarray]) -> None:
    """Refuse structures that differ in more than the number of rows that belong to a vocabulary."""
    problems = [f"only the blessed model has {name}" for name in sorted(set(old) - set(new))]
    problems += [f"only the new model has {name}" for name in sorted(set(new) - set(old))]
    for name in sorted(set(old) & set(new)):
        free = 1 if name in moves else 0
        if tuple(old[name].shape[free:]) != tuple(new[name].shape[free:]):
            problems.append(f"{name} was {tuple(old[name].shape)} and is {tuple(new[name].shape)}")
    if problems:
        raise InputError(
            "trainer.warm_start: the model does not fit the latest blessed one: "
            + "; ".join(problems)
            + ". Turn trainer.warm_start off for this run, or change the model back"
        )


def _moves(model: keras.Model, inputs: Sequence[ModelInput], old: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """For every table of ids: which old row each new row comes from, -1 for none."""
    moves = {}
    wide = one_hots(inputs)
    for layer in model.layers:
        if isinstance(layer, SparseLinear):
            moves[layer.kernel.path] = _side_by_side(wide, old)
    for each in inputs:
        if each.embedding is not None:
            table = model.get_layer(layer_name("embedding", each.name)).embeddings
            moves[table.path] = _rows(each, old.get(each.name))
    return moves


def _side_by_side(inputs: Sequence[ModelInput], old: Mapping[str, Any]) -> np.ndarray:
    """The moves of a SparseLinear's kernel, which holds one block of rows per one-hot feature."""
    starts, start = {}, 0
    for name, each in old.items():
        if each["one_hot"]:
            starts[name] = start
            start += each["size"]
    blocks = []
    for each in inputs:
        rows = _rows(each, old.get(each.name) if each.name in starts else None)
        blocks.append(np.where(rows >= 0, rows + starts.get(each.name, 0), -1))
    return np.concatenate(blocks)


def _rows(new: ModelInput, old: Optional[Mapping[str, Any]]) -> np.ndarray:
    """Which old row each row of one feature comes from, shape [size]; -1 where there is none."""
    assert new.size is not None
    if old is None:
        return np.full(new.size, -1)
    if new.vocabulary is None or old["vocabulary"] is None:
        return np.arange(new.size) if new.size == old["size"] else np.full(new.size, -1)
    places = {value: place for place, value in enumerate(old["vocabulary"])}
    known = [places.get(value, -1) for value in new.vocabulary]
    # The rows behind the vocabulary are those of unknown values.
    unknown = len(old["vocabulary"]) + np.arange(new.size - len(new.vocabulary))
    return np.concatenate([known, np.where(unknown < old["size"], unknown, -1)]).astype(int)


def _moved(old: np.ndarray, fresh: np.ndarray, rows: np.ndarray) -> np.ndarray:
    moved = fresh.copy()
    moved[rows >= 0] = old[rows[rows >= 0]]
    return moved
