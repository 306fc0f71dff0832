"""The sides of the comparison: each runs the same work on the same CSV, in a process of its own."""

from __future__ import annotations

import json
import pathlib
import sys
from collections.abc import Callable, Sequence

from pipeline.runs import RunRecord
from tests.benchmarks import HERE
from tests.benchmarks.laps import FILE
from tests.benchmarks.measured_runs import Taken
from tests.benchmarks.process_tree import Usage, measured

BATCH = 40
TRAIN_SHARE = 2 / 3

Parts = dict[str, Taken]
RunSide = Callable[[pathlib.Path, int, str], tuple[Usage, Parts]]
"""From the CSV, its rows and a folder to work in to what the whole and its parts took."""


def stock(data: pathlib.Path, rows: int, out: str) -> tuple[Usage, Parts]:
    """TFX's own components and template by its LocalDagRunner, for as many steps as there are batches."""
    return _stock(data, out, max(1, int(rows * TRAIN_SHARE / BATCH)))


def stock_transform(data: pathlib.Path, rows: int, out: str) -> tuple[Usage, Parts]:
    """The same up to Transform, without those of its outputs that Millrace's does not have."""
    return _stock(data, out, steps=0)


def _stock(data: pathlib.Path, out: str, steps: int) -> tuple[Usage, Parts]:
    usage = _python("stock", str(data.parent), out, str(steps))
    parts = _laps(out)
    return usage, {name.removeprefix("Csv"): taken for name, taken in parts.items()}


def by_hand(data: pathlib.Path, rows: int, out: str) -> tuple[Usage, Parts]:
    """The script without a pipeline."""
    return _python("by_hand", str(data), out), _laps(out)


def one_by_one(data: pathlib.Path, rows: int, out: str) -> tuple[Usage, Parts]:
    """`millrace run`, one node after another."""
    return _millrace(data, out, ("machine.cores=1",))


def side_by_side(data: pathlib.Path, rows: int, out: str) -> tuple[Usage, Parts]:
    """`millrace run` as it comes: nodes that do not wait for each other share the cores."""
    return _millrace(data, out, ())


SIDES: dict[str, RunSide] = {
    "stock": stock,
    "stock-transform": stock_transform,
    "one-by-one": one_by_one,
    "side-by-side": side_by_side,
    "by-hand": by_hand,
}
TITLES = {
    "stock": "stock TFX",
    "one-by-one": "Millrace, one node at a time",
    "side-by-side": "Millrace, nodes side by side",
    "by-hand": "by hand",
}
"""Of those that run the whole pipeline."""


def millrace_command(data: pathlib.Path, root: str, fields: Sequence[str] = ()) -> list[str]:
    """The command that runs the template's config on the CSV under a root."""
    settings = [word for field in (f"data.path={data}", *fields) for word in ("--set", field)]
    config = str(HERE / "taxi_template.py")
    return [sys.executable, "-m", "pipeline.cli.main", "run", config, "--root", root, *settings]


def _python(module: str, *arguments: str) -> Usage:
    return measured([sys.executable, "-m", f"tests.benchmarks.{module}", *arguments], arguments[1])


def _laps(out: str) -> Parts:
    found: Parts = json.loads(pathlib.Path(out, FILE).read_text())
    return found


def _millrace(data: pathlib.Path, out: str, fields: Sequence[str]) -> tuple[Usage, Parts]:
    usage = measured(millrace_command(data, out, fields), out)
    (file,) = pathlib.Path(out, "runs").glob("*/run.json")
    return usage, parts_of(RunRecord.model_validate_json(file.read_text()))


def parts_of(record: RunRecord) -> Parts:
    """What each node took. One that only looks into the metadata store has no process, and so no memory of its own."""
    return {
        node.id: {
            "seconds": node.seconds,
            **({} if node.processor_seconds is None else {"processor": node.processor_seconds}),
            **({} if node.peak_memory is None else {"megabytes": node.peak_memory / 2**20}),
        }
        for node in record.nodes
        if node.state == "complete"
    }
