"""The config, written around the guesses."""

from __future__ import annotations

import math
import os
import re

from components.errors import InputError
from pipeline.config.load import load
from pipeline.new import guess
from pipeline.new.guess import code
from pipeline.new.profile import Profile, profile

_CONFIG = '''"""{title}

Written by `millrace new` from {seen}; it is yours to edit.

    millrace run {file}
"""

from __future__ import annotations

import pipeline.config as c


def get_config() -> c.Config:
    """Predict {label} from the other columns of {data}."""
    return c.Config(
        name={name},
        # A relative path starts from this file's folder. {{SPAN}} in it makes numbered files or folders spans of data.
        data=c.Data(
            {data_fields},
        ),
        # The schema is inferred from the training split, which may lack rare values.
        # `millrace schema infer {file}` writes one for you to correct; with it, "fail".
        schema=c.Schema(on_anomalies="warn"),
        # {label_reason}
        heads=({head},),
        features=(
            {features}
        ),
        model=c.Model(kind="dnn", hidden_units=(64, 32)),
        trainer=c.Trainer(
            epochs={epochs},
            batch_size={batch_size},
            early_stopping=c.EarlyStopping(patience=5),
        ),
        # {threshold_reason}
        evaluator=c.Evaluator(thresholds=({threshold},)),
    )
'''


def new(
    data: str, out: str | None = None, label: str | None = None, delimiter: str | None = None, force: bool = False
) -> str:
    """Write a config for the CSV file `data` and return the config's path (`NAME.py` here where `out` is None).

    Raises:
        InputError: the data cannot be read, no label fits, or the config is there already and `force` is not set.
    """
    stem = re.sub(r"(\.csv|\.txt|\.tsv)?(\.gz)?$", "", os.path.basename(data).lower())
    name = re.sub(r"[^a-z0-9]+", "-", stem).strip("-") or "data"
    out = out or f"{name.replace('-', '_')}.py"
    if os.path.exists(out) and not force:
        raise InputError(f"{out} is there already; choose another file with --out, or overwrite it with --force")
    if not out.endswith(".py"):
        raise InputError(f"--out {out}: a config is a Python file, its name ends with .py")
    if not os.path.isdir(folder := os.path.dirname(os.path.abspath(out))):
        raise InputError(f"--out {out}: there is no folder {folder}; make it first")
    text = config_text(profile(data, delimiter), name=name, data=data, out=out, label=label)
    with open(out, "w", encoding="utf-8") as file:
        file.write(text)
    load(os.path.abspath(out))
    return out


def config_text(seen: Profile, *, name: str, data: str, out: str, label: str | None) -> str:
    """The config's source; `data` and `out` are paths from the working directory."""
    column = guess.label(seen, label)
    goal = guess.target(column)
    batch_size = 32 if seen.rows < 2000 else 64 if seen.rows < 100_000 else 512
    indent = "\n" + " " * 12
    lines = [guess.feature(other, seen.rows) for other in seen.columns if other is not column]
    if all(line.startswith("#") for line in lines):
        raise InputError(f"{data}: no column besides {column.name!r} tells anything about it")
    return _CONFIG.format(
        title=_prose(f"{os.path.basename(data)}: {column.name}"),
        seen=f"{seen.rows:,} rows" if seen.whole else f"the first {seen.rows:,} rows",
        file=os.path.basename(out),
        data=_prose(os.path.basename(data)),
        name=code(name),
        label=_prose(column.name),
        data_fields=f",{indent}".join(_data_fields(seen, data, out)),
        label_reason=goal.label_reason,
        head=goal.head,
        features=indent.join(lines),
        epochs=min(50, max(3, math.ceil(1500 * batch_size / seen.rows))),
        batch_size=batch_size,
        threshold_reason=goal.threshold_reason,
        threshold=goal.threshold,
    )


def _data_fields(seen: Profile, data: str, out: str) -> list[str]:
    folder, file = os.path.dirname(os.path.abspath(out)), os.path.abspath(data)
    path = os.path.relpath(file, folder) if file.startswith(folder + os.sep) else file
    fields = [f"path={code(path)}"]
    if seen.delimiter != ",":
        fields.append(f"delimiter={code(seen.delimiter)}")
    if seen.rows < 5000:
        fields.append("splits=c.HashSplits(train=3, eval=1, test=0)")
    codes = tuple(column.name for column in seen.columns if column.leading_zeros)
    if codes:
        fields.append(f"text_columns={code(codes)}")
    if seen.bad_rows:
        fields.append(f"bad_rows={seen.bad_rows}")
    return fields


def _prose(text: str) -> str:
    """`text` for a docstring: nothing in it can end or escape."""
    return text.replace('"', "'").replace("\\", "/")
