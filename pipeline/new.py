"""`millrace new`: from a CSV file to a config that runs as it is, with the reason beside each guess."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re

from components.errors import InputError
from pipeline.config.load import load
from pipeline.config.record import close_matches
from pipeline.profile import Column, Profile, looks_like_time, profile

FEW = 20
"""Up to so many distinct whole numbers count as categories, of a label as well as of a feature."""
ONE_HOT_LIMIT = 50
"""A vocabulary up to this size becomes one-hot, a larger one an embedding."""
VOCABULARY_LIMIT = 1000
"""With more distinct values than this, text is hashed instead."""
_LABEL_NAMES = ("label", "target", "class", "y", "outcome")

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
        # The schema is inferred from the training split, which may lack rare values; "fail" once you curate one.
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


@dataclasses.dataclass(frozen=True)
class Target:
    """What a label column means for the config, as code, and why."""

    head: str
    threshold: str
    label_reason: str
    threshold_reason: str


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
    text = config_text(profile(data, delimiter), name=name, data=data, out=out, label=label)
    with open(out, "w", encoding="utf-8") as file:
        file.write(text)
    load(os.path.abspath(out))
    return out


def config_text(seen: Profile, *, name: str, data: str, out: str, label: str | None) -> str:
    """The config's source; `data` and `out` are paths from the working directory."""
    column = _label(seen, label)
    goal = target(column)
    batch_size = 32 if seen.rows < 2000 else 64 if seen.rows < 100_000 else 512
    indent = "\n" + " " * 12
    lines = [feature(other, seen.rows) for other in seen.columns if other is not column]
    if all(line.startswith("#") for line in lines):
        raise InputError(f"{data}: no column besides {column.name!r} tells anything about it")
    return _CONFIG.format(
        title=_prose(f"{os.path.basename(data)}: {column.name}"),
        seen=f"{seen.rows:,} rows" if seen.whole else f"the first {seen.rows:,} rows",
        file=os.path.basename(out),
        data=_prose(os.path.basename(data)),
        name=_code(name),
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
    fields = [f"path={_code(path)}"]
    if seen.delimiter != ",":
        fields.append(f"delimiter={_code(seen.delimiter)}")
    if seen.rows < 5000:
        fields.append("splits=c.HashSplits(train=3, eval=1, test=0)")
    codes = tuple(column.name for column in seen.columns if column.leading_zeros)
    if codes:
        fields.append(f"text_columns={_code(codes)}")
    if seen.bad_rows:
        fields.append(f"bad_rows={seen.bad_rows}")
    return fields


def _label(seen: Profile, name: str | None) -> Column:
    """The column named, or one that is called like a label, or the last."""
    names = [column.name for column in seen.columns]
    if name is None:
        return next((column for column in seen.columns if column.name.lower() in _LABEL_NAMES), seen.columns[-1])
    if name not in names:
        raise InputError(f"--label {name}: no such column.{close_matches(name, names)} Columns: {', '.join(names)}")
    return seen.columns[names.index(name)]


def target(column: Column) -> Target:
    """The head for a label column, and a threshold that guessing would not pass.

    Raises:
        InputError: the column holds one value, or texts of which nearly each is another, or rows lack it.
    """
    if column.missing:
        raise InputError(
            f"label {column.name!r} is missing in {column.missing:,} rows; drop these rows from the data, "
            "or name another column with --label"
        )
    if column.distinct < 2:
        raise InputError(f"label {column.name!r} has one class, {column.values[:1]}; name another column with --label")
    if column.kind == "text" and column.distinct > min(VOCABULARY_LIMIT, column.present / 2):
        raise InputError(
            f"column {column.name!r} cannot be the label: text with {column.distinct:,} distinct values in "
            f"{column.present:,} rows; name another column with --label"
        )
    if column.kind == "float" or (column.kind == "int" and column.distinct > FEW):
        return _regression(column)
    return _classification(column)


def _regression(column: Column) -> Target:
    return Target(
        head=f'c.Head(label={_code(column.name)}, task="regression")',
        label_reason=f"The label: numbers from {column.low:g} to {column.high:g}, {column.distinct:,} distinct.",
        threshold=f'c.Threshold(metric="rmse", upper={column.deviation:.4g})',
        threshold_reason="A model is pushed if it errs less than the mean as answer; raise the bar to what you need.",
    )


def _classification(column: Column) -> Target:
    classes = tuple(sorted(column.values, key=(lambda value: int(value)) if column.kind == "int" else None))
    binary = len(classes) == 2
    common = f"{column.values[0]!r} ({column.most_frequent:,} rows)"
    named = "" if classes == ("0", "1") or len(classes) > ONE_HOT_LIMIT else f", classes={_code(classes)}"
    if binary:
        threshold, reason = 'c.Threshold(metric="auc", lower=0.5)', "its AUC beats a coin"
    else:
        share = math.floor(100 * column.most_frequent / column.present) / 100
        threshold = f'c.Threshold(metric="accuracy", lower={share})'
        reason = f"its accuracy beats always guessing {column.values[0]!r}"
    return Target(
        head=f'c.Head(label={_code(column.name)}, task="{"binary" if binary else "multiclass"}"{named})',
        label_reason=f"The label: {len(classes)} classes, most often {common}.",
        threshold=threshold,
        threshold_reason=f"A model is pushed if {reason}; raise the bar to what you need.",
    )


def feature(column: Column, rows: int) -> str:
    """The line of a column in `features`: a record, or a comment that says why the column is left out."""
    gaps = f", {column.missing:,} missing" if column.missing else ""
    name = _code(column.name)
    if column.distinct < 2:
        return f"# left out: {name} has one value only{gaps}."
    if _is_key(column, rows):
        return f"# left out: {name} is different in every row, a key."
    if column.kind == "text" and looks_like_time(column):
        return f"# left out: {name} holds dates; make numbers of them (hour, weekday, age) to use them."
    if column.kind == "float" or (column.kind == "int" and column.distinct > FEW):
        return f"c.ZScore(column={name}),  # {column.low:g} to {column.high:g}{gaps}"
    if column.kind == "int" and column.low >= 0 and column.high < 5 * FEW:
        return f"c.Identity(column={name}, size={int(column.high) + 1}),  # {column.distinct} small whole numbers{gaps}"
    seen = f"{column.distinct:,} distinct{gaps}"
    if column.distinct <= ONE_HOT_LIMIT:
        return f"c.Vocabulary(column={name}),  # {seen}"
    if column.distinct <= VOCABULARY_LIMIT:
        return f"c.Vocabulary(column={name}, encoding=c.Embedding(size=8)),  # {seen}"
    return f"c.Hashed(column={name}, buckets=1000, encoding=c.Embedding(size=8)),  # {seen}"


def _is_key(column: Column, rows: int) -> bool:
    """Text that hardly repeats; whole numbers that never do and are called an id or count the rows."""
    if column.kind == "text":
        return column.distinct > 0.9 * rows and rows > FEW
    if column.kind == "float" or column.distinct < rows:
        return False
    called_so = re.search(r"(^|[_\W])(id|index|key|uuid)$", column.name.lower()) is not None
    return called_so or column.high - column.low + 1 == rows


def _code(value: str | tuple[str, ...]) -> str:
    """`value` as Python source, with double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return f"({', '.join(map(_code, value))}{',' if len(value) == 1 else ''})"


def _prose(text: str) -> str:
    """`text` for a docstring: nothing in it can end or escape."""
    return text.replace('"', "'").replace("\\", "/")
