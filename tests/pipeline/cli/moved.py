"""A user's folder whose data comes in spans, and moves."""

from __future__ import annotations

import pathlib
import random
import textwrap
from collections.abc import Sequence

_CONFIG = """
    import pipeline.config as c


    def get_config():
        return c.Config(
            name="moved",
            data=c.Data(path="span-{{SPAN}}/*.csv", splits=c.HashSplits(train=2, eval=1, test=0)),
            schema=c.Schema(path="schema.pbtxt"),
            drift=c.Drift({drift}),
            heads=(c.Head(label="y"),),
            features=(c.ZScore(column="x"), c.Vocabulary(column="kind")),
            trainer=c.Trainer(epochs=1),
        )
"""
_SCHEMA = """
    default_environment: "TRAINING"
    default_environment: "SERVING"
    feature { name: "x" type: FLOAT skew_comparator { jensen_shannon_divergence { threshold: 0.9 } } }
    feature { name: "kind" type: BYTES }
    feature { name: "tip" type: FLOAT not_in_environment: "SERVING" }
    feature { name: "y" type: INT not_in_environment: "SERVING" }
"""
COLUMNS = ("x", "kind", "tip", "y")
MEASURE = "Kolmogorov-Smirnov"
"""By which x is seen to have moved."""


def put(folder: pathlib.Path, drift: str, shifts: Sequence[float]) -> None:
    """Write the config with these arguments of `c.Drift`, and span 1, 2, …, in which x lies higher by its shift."""
    (folder / "moved.py").write_text(textwrap.dedent(_CONFIG).format(drift=drift))
    (folder / "schema.pbtxt").write_text(textwrap.dedent(_SCHEMA))
    for span, shift in enumerate(shifts, 1):
        put_rows(folder / f"span-{span}/rows.csv", shift, COLUMNS)


def put_rows(path: pathlib.Path, shift: float, columns: Sequence[str]) -> None:
    """900 rows; y tells whether x lies above 0 before it is shifted."""
    path.parent.mkdir(exist_ok=True)
    toss = random.Random(str(path.parent.name))
    lines = [",".join(columns)]
    for number in range(900):
        x = toss.gauss(0, 1)
        row = {"x": f"{x + shift:.4f}", "kind": "abc"[number % 3], "tip": f"{toss.random():.3f}", "y": str(int(x > 0))}
        lines.append(",".join(row[column] for column in columns))
    path.write_text("\n".join(lines))
