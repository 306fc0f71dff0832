"""The Beam pipeline: hash all images → propose pairs → read only those images again → confirm.

Decoding is spread over workers, file by file. The hashes, 8 bytes an image, are gathered and compared in one:
a million take 8 MB, while a shuffle by blocks of bits would move each of them dozens of times.
"""

import dataclasses
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.io.filesystems import FileSystems

from components import examples as example_files
from components.images import duplicates
from components.images.records import image_of

LISTED = 10_000
"""Pairs that stand in the result, the most similar first; all are counted."""
_BATCH = 1024


@dataclasses.dataclass(frozen=True)
class Settings:
    """What counts as nearly the same."""

    column: str
    max_distance: int
    """Bits of the perceptual hash."""
    min_ssim: float


@dataclasses.dataclass(frozen=True, order=True)
class Place:
    """Where an image is: record number `record`, from 0, of a shard."""

    split: str
    path: str
    record: int


@dataclasses.dataclass(frozen=True)
class Candidates:
    """What the hashes say."""

    images: dict[str, int]
    """Per split."""
    pairs: list[tuple[Place, Place, int]]
    """With the distance of the hashes."""
    wanted: dict[str, dict[int, list[int]]]
    """The pairs (their places in `pairs`) of each record of each file."""


class FindDuplicates(beam.PTransform):
    """(split, file) → the one result, a dict for JSON."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def expand(self, files: beam.PCollection) -> beam.PCollection:
        """See the module."""
        spread = files | "Spread" >> beam.Reshuffle()
        candidates = beam.pvalue.AsSingleton(
            spread
            | "Hash" >> beam.Map(hash_file, self._settings)
            | "AllHashes" >> beam.combiners.ToList()
            | "Propose" >> beam.Map(propose, self._settings)
        )
        return (
            spread
            | "ReadAgain" >> beam.FlatMap(wanted_images, candidates, self._settings)
            | "Pairs" >> beam.GroupByKey()
            | "Batch" >> beam.BatchElements(min_batch_size=16, max_batch_size=_BATCH)
            | "Confirm" >> beam.FlatMap(confirm, candidates, self._settings)
            | "AllConfirmed" >> beam.combiners.ToList()
            | "Result" >> beam.Map(result, candidates, self._settings)
        )


def hash_file(file: "tuple[str, str]", settings: Settings) -> "tuple[str, str, np.ndarray]":
    """The hashes of all images of a file, in order."""
    split, path = file
    parts = [np.zeros(0, np.uint64)]
    batch: list[np.ndarray] = []
    for record in example_files.records([path]):
        batch.append(duplicates.thumbnail(image_of(record, settings.column)[0]))
        if len(batch) == _BATCH:
            parts.append(duplicates.hashes(np.stack(batch)))
            batch = []
    if batch:
        parts.append(duplicates.hashes(np.stack(batch)))
    return split, path, np.concatenate(parts)


def propose(hashed: "list[tuple[str, str, np.ndarray]]", settings: Settings) -> Candidates:
    """The pairs whose hashes are close."""
    hashed = sorted(hashed, key=lambda file: file[:2])
    names = sorted({split for split, _, _ in hashed})
    images = Counter(dict.fromkeys(names, 0))
    for split, _, found in hashed:
        images[split] += len(found)
    places = [Place(split, path, record) for split, path, found in hashed for record in range(len(found))]
    splits = np.repeat([names.index(split) for split, _, _ in hashed], [len(found) for _, _, found in hashed])
    rows = duplicates.across(np.concatenate([found for _, _, found in hashed]), splits, settings.max_distance)
    pairs = [(places[first], places[second], distance) for first, second, distance in rows]
    wanted: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, (first, second, _) in enumerate(pairs):
        for place in (first, second):
            wanted[place.path][place.record].append(index)
    return Candidates(dict(images), pairs, {path: dict(records) for path, records in wanted.items()})


def wanted_images(
    file: "tuple[str, str]", candidates: Candidates, settings: Settings
) -> "Iterator[tuple[int, tuple[Place, str, np.ndarray]]]":
    """The images of a file that are in a pair: the pair, and the image's place, name and thumbnail."""
    split, path = file
    wanted = candidates.wanted.get(path, {})
    for index, record in enumerate(example_files.records([path]) if wanted else ()):
        if index in wanted:
            encoded, name = image_of(record, settings.column)
            image = (Place(split, path, index), name, duplicates.thumbnail(encoded))
            yield from ((pair, image) for pair in wanted[index])


def confirm(
    pairs: "list[tuple[int, Iterable[tuple[Place, str, np.ndarray]]]]", candidates: Candidates, settings: Settings
) -> "Iterator[dict[str, Any]]":
    """The pairs that are similar enough."""
    sides = [sorted(images, key=lambda image: image[0]) for _, images in pairs]
    similar = duplicates.ssim([first[2] for first, _ in sides], [second[2] for _, second in sides])
    for (index, _), (first, second), value in zip(pairs, sides, similar.tolist(), strict=True):
        if value >= settings.min_ssim:
            distance = candidates.pairs[index][2]
            yield {"first": _shown(*first), "second": _shown(*second), "distance": distance, "ssim": round(value, 4)}


def result(found: "list[dict[str, Any]]", candidates: Candidates, settings: Settings) -> "dict[str, Any]":
    """The counts for each two splits, and the pairs."""
    found = sorted(found, key=lambda pair: (-pair["ssim"], pair["distance"], _key(pair["first"]), _key(pair["second"])))
    by_splits: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for pair in found:
        by_splits[pair["first"]["split"], pair["second"]["split"]].append(pair)
    splits = [_count(names, pairs, candidates.images) for names, pairs in sorted(by_splits.items())]
    told = {**dataclasses.asdict(settings), "images": candidates.images, "pairs": len(found)}
    return {**told, "splits": splits, "listed": found[:LISTED]}


def pairs_of(column: dict[str, Any], counts: dict[str, Any]) -> "list[dict[str, Any]]":
    """The listed pairs of the two splits of `counts`, an entry of `splits` in a result; the most similar first."""
    names = {counts["split"], counts["other"]}
    return [pair for pair in column["listed"] if {pair["first"]["split"], pair["second"]["split"]} == names]


def write(found: "list[dict[str, Any]]", path: str) -> None:
    """The results of all columns as a file."""
    with FileSystems.create(path) as file:
        columns = sorted(found, key=lambda each: each["column"])
        file.write(json.dumps({"columns": columns}, indent=2, ensure_ascii=False).encode())


def _count(names: tuple[str, str], pairs: Sequence[dict[str, Any]], images: dict[str, int]) -> dict[str, Any]:
    """How many images of the smaller split have a near-duplicate in the other."""
    smaller, side = min(zip(names, ("first", "second"), strict=True), key=lambda each: images[each[0]])
    affected = len({_key(pair[side]) for pair in pairs})
    [other] = [name for name in names if name != smaller]
    of = images[smaller]
    return {
        "split": smaller,
        "other": other,
        "pairs": len(pairs),
        "images": affected,
        "of": of,
        "share": affected / of,
    }


def _key(image: dict[str, Any]) -> tuple[str, str, int]:
    return image["split"], image["path"], image["record"]


def _shown(place: Place, name: str, _: np.ndarray) -> dict[str, Any]:
    return {"name": name or f"{os.path.basename(place.path)}:{place.record}", **dataclasses.asdict(place)}
