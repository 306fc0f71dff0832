"""The Beam pipeline: one pass of the model over all images → ranks → read only the chosen images again."""

import os
from collections.abc import Iterable, Sequence
from typing import Any

import apache_beam as beam
import numpy as np

from components.misjudged import lists
from components.misjudged.judge import SUMS, Judge, is_suspect, place
from components.misjudged.result import Result
from components.misjudged.settings import Settings
from components.tfrecords import shards


def find(files: beam.PCollection, settings: Settings, splits: Sequence[str], path: str) -> Any:
    """From `Shard`s to the result's file."""
    spread = files | "Spread" >> beam.Reshuffle()
    judged = spread | "Judge" >> beam.ParDo(Judge(settings)).with_outputs(SUMS, main="wrong")
    sums = judged[SUMS] | "AddUp" >> beam.CombinePerKey(_added)
    listed = judged["wrong"] | "List" >> beam.FlatMap(lists.lists_of, settings.split)
    suspects = judged["wrong"] | "Suspects" >> beam.Filter(is_suspect, beam.pvalue.AsDict(sums))
    counts = suspects | "Places" >> beam.Map(place) | "Count" >> beam.combiners.Count.PerElement()
    chosen = beam.pvalue.AsDict(listed | "Choose" >> beam.combiners.Top.PerKey(settings.pictures_per_list(len(splits))))
    pictures = spread | "Pictures" >> beam.FlatMap(lists.of_file, chosen, settings.column)
    return (
        pictures
        | "AllPictures" >> beam.combiners.ToList()
        | "Result"
        >> beam.Map(lists.result, chosen, beam.pvalue.AsDict(sums), beam.pvalue.AsDict(counts), settings, splits)
        | "Write" >> beam.Map(_write, path)
    )


def _added(parts: "Iterable[np.ndarray]") -> np.ndarray:
    return np.sum(list(parts), axis=0)


def _write(found: Result, path: str) -> None:
    shards.write_text(path, os.path.dirname(path), [found.model_dump_json(indent=1)])
