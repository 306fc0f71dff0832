"""The Beam pipeline of ingestion: look at chunks → cut into ranges → survey the ranges → write the ranges.

Only facts (facts.py) pass between the steps. A worker that finds bad input says so in its facts: an exception
would be retried and would reach the user as a stack trace.
"""

import dataclasses
import posixpath
from collections.abc import Sequence
from typing import Any

import apache_beam as beam
import numpy as np

from components.errors import InputError
from components.example_gen import formats, record_types
from components.example_gen.facts import SAMPLE, BadRow, Chunk, Column, Range, RangeFacts, Summary, Written
from components.example_gen.quarantine import Quarantine
from components.example_gen.readers import reader
from components.example_gen.settings import Settings
from components.example_gen.splits import FileSplits, TimeSplits
from components.example_gen.summary import check_budget, make_plan, summarise
from components.tfrecords import shards


@dataclasses.dataclass(frozen=True)
class Outputs:
    """Where the results go: `examples` holds the split folders, `partial` files that are not complete."""

    examples: str
    quarantine: str
    partial: str


class Ingest(beam.PTransform):
    """Chunks of files → one dict with the `summary` and the `rows` written per split."""

    def __init__(self, settings: Settings, outputs: Outputs) -> None:
        super().__init__()
        self._settings = settings
        self._outputs = outputs

    def expand(self, chunks: beam.PCollection) -> beam.PCollection:
        """See the module."""
        settings = self._settings
        plan = (
            chunks
            | "SpreadChunks" >> beam.Reshuffle()
            | "Look" >> beam.Map(look, settings)
            | "AllLooks" >> beam.combiners.ToList()
            | "Plan" >> beam.Map(make_plan, settings)
        )
        ranges = plan | "Ranges" >> beam.FlatMap(lambda made: made.ranges) | "SpreadRanges" >> beam.Reshuffle()
        summary = (
            ranges
            | "Survey" >> beam.Map(survey, settings)
            | "AllSurveys" >> beam.combiners.ToList()
            | "Summarise" >> beam.Map(summarise, beam.pvalue.AsSingleton(plan), settings)
        )
        return (
            ranges
            | "Write" >> beam.Map(write, beam.pvalue.AsSingleton(summary), settings, self._outputs)
            | "AllWrites" >> beam.combiners.ToList()
            | "Report" >> beam.Map(report, beam.pvalue.AsSingleton(summary), settings)
        )


def look(chunk: Chunk, settings: Settings) -> tuple[str, Any]:
    """The format's facts on a chunk, or the text of what is wrong with it."""
    try:
        return chunk.file, reader(settings).scan(chunk)
    except InputError as error:
        return chunk.file, str(error)


def survey(part: Range, settings: Settings) -> RangeFacts:
    """The rows, bad rows and column types of a range; images are not looked at."""
    facts = RangeFacts(part.index, part.file)
    try:
        for block in reader(dataclasses.replace(settings, images=())).read(part):
            mask, bad = _good_rows(block, part.file, settings)
            facts.rows += int(mask.sum())
            facts.bad += len(bad)
            record_types.add(facts.types, block.types(settings.images))
            facts.first_bad = (*facts.first_bad, *bad)[:SAMPLE]
            for name, column in _columns(block, mask).items():
                facts.columns[name] = facts.columns[name].merge(column) if name in facts.columns else column
    except InputError as error:
        facts.error = str(error)
    return facts


def write(part: Range, summary: Summary, settings: Settings, outputs: Outputs) -> Written:
    """Write the shards of a range, one for each split that its rows may go to, and its bad rows.

    Images are looked at here and only here, as decoding costs more than everything else together. So this pass
    may find more bad rows than are allowed; from then on it only counts.
    """
    written = Written(part.index)
    if summary.error:
        return written
    allowed = settings.allowed(summary.rows + summary.bad)
    names = settings.splits.names_in(part.file)
    shard = shards.shard_name(part.index, part.count)
    files = [
        shards.Shard(posixpath.join(outputs.examples, f"Split-{name}", shard), f"{outputs.partial}/{name}")
        for name in names
    ]
    quarantine = Quarantine(part, outputs.quarantine, outputs.partial)
    for block in reader(settings).read(part):
        mask, bad = _good_rows(block, part.file, settings)
        written.bad += len(bad)
        if written.bad > allowed:
            quarantine.add(bad[:SAMPLE])
            continue
        quarantine.add(bad)
        for records in block.encode(summary.kinds, mask):
            _deal(records, files, settings)
    for file in files:
        file.commit()
    quarantine.commit()
    written.first_bad = quarantine.first
    written.rows = {name: file.records for name, file in zip(names, files, strict=True)}
    return written


def _deal(part: formats.Part, files: Sequence[shards.Shard], settings: Settings) -> None:
    if isinstance(settings.splits, FileSplits):
        files[0].write(part.records)
        return
    split = part.splits(settings.splits)
    for index, file in enumerate(files):
        file.write([part.records[row] for row in np.flatnonzero(split == index).tolist()])


def _good_rows(block: formats.Block, file: str, settings: Settings) -> tuple[np.ndarray, list[BadRow]]:
    """Which rows of a block are good, and all that are not, unread ones included."""
    mask = np.ones(block.rows, bool)
    splits = settings.splits
    if not isinstance(splits, TimeSplits):
        return mask, block.bad
    mask = splits.has_time(block.columns[splits.column]) if splits.column in block.columns else ~mask
    kind = "text" if splits.is_text else "a number"
    reason = f"expected {kind} in {splits.column!r}, by which data.splits tells the time"
    late = [
        BadRow(file, block.origin.place(row), reason, block.origin.raw(row)) for row in np.flatnonzero(~mask).tolist()
    ]
    return mask, block.bad + late


def _columns(block: formats.Block, mask: np.ndarray) -> dict[str, Column]:
    if mask.all():
        found, rows = block.infer(), None
    else:
        found, rows = {name: cells.keep(mask).infer() for name, cells in block.columns.items()}, np.flatnonzero(mask)
    columns = {}
    for name, inferred in found.items():
        row = inferred.text_row
        place = "" if row is None else block.origin.place(int(row if rows is None else rows[row]))
        columns[name] = Column(inferred, place)
    return columns


def report(written: list[Written], summary: Summary, settings: Settings) -> dict[str, Any]:
    """What is known when everything is written: the `summary`, and the `rows` of each split."""
    counts = {name: sum(facts.rows.get(name, 0) for facts in written) for name in settings.splits.names}
    return {"summary": summary if summary.error else _with_images(written, summary, settings), "rows": counts}


def _with_images(written: list[Written], summary: Summary, settings: Settings) -> Summary:
    """The summary, with the bad images counted among the bad rows."""
    bad = sum(facts.bad for facts in written)
    rows = summary.rows + summary.bad - bad
    first = [row for facts in sorted(written, key=lambda facts: facts.index) for row in facts.first_bad]
    try:
        check_budget(first, rows, bad, settings)
    except InputError as error:
        return dataclasses.replace(summary, rows=rows, bad=bad, error=str(error))
    return dataclasses.replace(summary, rows=rows, bad=bad)
