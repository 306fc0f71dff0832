"""Transform, run once for all tests of a session that look at the same data."""

from __future__ import annotations

import os

import pytest

import pipeline.config as c
from pipeline.config.settings import TrainerSettings
from pipeline.configs.taxi import get_config
from pipeline.nodes.settings import trainer_settings
from tests.pipeline.ml.transformed import TAXI_TYPES, Transformed, Value, schema_of, taxi_rows

TRAIN_ROWS, EVAL_ROWS = 400, 100

RECORD_TYPES = {
    "size": "FLOAT", "count": "INT", "colour": "BYTES", "code": "INT", "place": "BYTES", "day": "INT",
    "kind": "BYTES", "price": "FLOAT", "half": "BYTES", "same": "BYTES", "odd": "BYTES", "weight": "FLOAT",
}  # fmt: skip
RECORDS: list[dict[str, Value]] = [
    dict(zip(RECORD_TYPES, row, strict=True))
    for row in (
        (1.0, 10, "red", 7, "north", 0, "a", 1.5, "1", "0", "0", 1.0),
        (3.0, 20, "red", 7, "south", 1, "b", 2.5, "0", "0", "1", 2.0),
        (None, None, None, None, None, None, "a", 3.5, None, "0", "2", 1.0),
        (5.0, 30, "blue", 8, "moon", 9, "c", 4.5, "1", "0", "0", 0.5),
    )
]
"""One row per line; the third lacks every column that a feature is made of."""


@pytest.fixture(scope="session")
def taxi(tmp_path_factory: pytest.TempPathFactory) -> Transformed:
    """The taxi config with a second head, a regression of the tip."""
    config = get_config()
    heads = (*config.heads, c.Head(label="tips", name="tip", task="regression", weight=0.1))
    trainer = c.Trainer(epochs=2, batch_size=64, tensorboard=False)
    config = config.model_copy(update={"heads": heads, "trainer": trainer})
    rows = taxi_rows(TRAIN_ROWS + EVAL_ROWS)
    for row in rows:
        row["tips"] = row["tips"] or 0.0
    splits = {"train": rows[:TRAIN_ROWS], "eval": rows[TRAIN_ROWS:]}
    return Transformed(str(tmp_path_factory.mktemp("taxi")), splits, schema_of(TAXI_TYPES), trainer_settings(config))


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> Transformed:
    """RECORDS under every kind of feature and of label."""
    folder = str(tmp_path_factory.mktemp("records"))
    with open(os.path.join(folder, "places.txt"), "w") as file:
        file.write("south\nnorth\n")
    settings = TrainerSettings(
        features=(
            c.Numeric(column="price"),
            c.ZScore(column="size"),
            c.MinMax(column="count", fill=15),
            c.Buckets(column="weight", boundaries=(1.0, 2.0)),
            c.Vocabulary(column="colour", oov_buckets=1, encoding=c.Embedding(size=2)),
            c.Vocabulary(column="code", top_k=1, fill="8"),
            c.Vocabulary(column="place", file=os.path.join(folder, "places.txt")),
            c.Identity(column="day", size=7),
            c.Hashed(column="odd", buckets=50),
            c.Cross(columns=("place", "day"), buckets=50),
        ),
        heads=(
            c.Head(label="kind", task="multiclass"),
            c.Head(label="price", name="cost", task="regression"),
            c.Head(label="half"),
            c.Head(label="same"),
            c.Head(label="odd", name="strange"),
            c.Head(name="dear", label_function="tests.pipeline.ml.user_code.dear", classes=("cheap", "dear")),
        ),
        trainer=c.Trainer(example_weight="weight"),
    )
    made = Transformed(folder, {"train": RECORDS, "eval": RECORDS}, schema_of(RECORD_TYPES), settings)
    # From here on the graph's own copy has to do.
    os.remove(os.path.join(folder, "places.txt"))
    return made
