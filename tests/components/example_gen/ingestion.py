"""Ways to run ingestion in a test: through Beam and the executor, or its steps one by one."""

import gzip
import json
import pathlib
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import tensorflow as tf
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types.standard_artifacts import Examples

from components.artifacts import Quarantine
from components.errors import InputError
from components.example_gen import executor, transforms
from components.example_gen.component import ExampleGen
from components.example_gen.facts import Summary
from components.example_gen.settings import Settings
from components.example_gen.summary import make_plan, summarise
from components.tfrecords.frames import frames

HASH = {"kind": "hash", "train": 2, "eval": 1, "test": 1}


class Ingested(NamedTuple):
    """What ingestion left behind."""

    splits: dict[str, Counter]
    """Serialised records (deterministic) of each split."""
    report: dict[str, Any]
    bad: list[dict[str, str]]
    examples: Examples


def settings(**changes: Any) -> dict[str, Any]:
    """Settings as the graph passes them."""
    return {"splits": HASH, "bad_rows": 0, **changes}


def through_beam(folder: pathlib.Path, path: str, format: str = "csv", **changes: Any) -> Ingested:
    """Run the executor on `path`; everything it writes goes to `folder`."""
    examples, quarantine = Examples(), Quarantine()
    examples.uri, quarantine.uri = str(folder / "examples"), str(folder / "quarantine")
    node = ExampleGen(path=path, format=format, settings=settings(**changes))
    runner = executor.Executor(BaseBeamExecutor.Context())
    runner.Do({}, {"examples": [examples], "quarantine": [quarantine]}, dict(node.exec_properties))
    return _read(examples, quarantine)


def step_by_step(folder: pathlib.Path, path: str, format: str = "csv", **changes: Any) -> Ingested:
    """The same steps in a plain loop.

    Raises:
        InputError: the summary says that the data cannot be used.
    """
    chosen = Settings.of(format, settings(**changes))
    outputs = transforms.Outputs(str(folder / "examples"), str(folder / "quarantine"), str(folder / "partial"))
    plan = make_plan([transforms.look(chunk, chosen) for chunk in executor.list_chunks(path, chosen)], chosen)
    summary = summarise([transforms.survey(part, chosen) for part in plan.ranges], plan, chosen)
    if summary.error:
        raise InputError(summary.error)
    for name in chosen.splits.names:
        (folder / "examples" / f"Split-{name}").mkdir(parents=True, exist_ok=True)
    (folder / "quarantine").mkdir(exist_ok=True)
    written = [transforms.write(part, summary, chosen, outputs) for part in plan.ranges]
    summary = transforms.report(written, summary, chosen)["summary"]
    if summary.error:
        raise InputError(summary.error)
    examples, quarantine = Examples(), Quarantine()
    examples.uri, quarantine.uri = outputs.examples, outputs.quarantine
    (folder / "quarantine" / "report.json").write_text(json.dumps(_report(summary)))
    return _read(examples, quarantine)


def records_in(files: Iterable[pathlib.Path]) -> Counter:
    """Deterministic serialisations of the tf.Examples in GZIP TFRecord files."""
    found: Counter = Counter()
    for file in files:
        with gzip.open(file) as stream:
            found.update(
                tf.train.Example.FromString(record).SerializeToString(deterministic=True)
                for _, record in frames(str(file), stream)
            )
    return found


def rows_of(records: Counter) -> list[dict[str, list]]:
    """Records as Python values, sorted."""
    rows = []
    for record in sorted(records.elements()):
        features = tf.train.Example.FromString(record).features.feature
        rows.append({name: _values(feature) for name, feature in sorted(features.items())})
    return rows


def all_rows(ingested: Ingested) -> list[dict[str, list]]:
    """The records of all splits as Python values."""
    return rows_of(sum(ingested.splits.values(), Counter()))


def _values(feature: tf.train.Feature) -> list:
    kind = feature.WhichOneof("kind")
    return list(getattr(feature, kind).value) if kind else []


def _report(summary: Summary) -> dict[str, Any]:
    kinds = {name: kind.name.lower() for name, kind in summary.kinds.items()}
    return {"rows": summary.rows, "bad_rows": summary.bad, "columns": kinds, "notes": list(summary.notes)}


def _read(examples: Examples, quarantine: Quarantine) -> Ingested:
    splits = {
        folder.name.removeprefix("Split-"): records_in(folder.iterdir())
        for folder in sorted(pathlib.Path(examples.uri).glob("Split-*"))
    }
    kept = pathlib.Path(quarantine.uri)
    bad = [json.loads(line) for file in sorted(kept.glob("*.jsonl")) for line in file.read_text().splitlines()]
    return Ingested(splits, json.loads((kept / "report.json").read_text()), bad, examples)
