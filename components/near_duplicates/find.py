"""The Beam pipeline: hash all images → propose pairs → read only those images again → confirm.

Decoding is spread over workers, file by file. The hashes, 8 bytes an image, are gathered and compared in one:
a million take 8 MB, while a shuffle by blocks of bits would move each of them dozens of times.
"""

import dataclasses
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import apache_beam as beam
import numpy as np

from components import examples as example_files
from components.batches import batches
from components.examples import Shard
from components.images import duplicates
from components.images.records import image_of
from components.near_duplicates.result import Column, Counts, Image, Pair, Result
from components.tfrecords import shards

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
    """`Shard`s → the one result, a `Column`."""

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


def hash_file(shard: Shard, settings: Settings) -> "tuple[Shard, np.ndarray]":
    """The hashes of all images of a file, in order."""
    images = (image_of(record, settings.column)[0] for record in example_files.records([shard.path]))
    parts = [duplicates.hashes(np.stack(batch)) for batch in batches(map(duplicates.thumbnail, images), _BATCH)]
    return shard, np.concatenate([np.zeros(0, np.uint64), *parts])


def propose(hashed: "list[tuple[Shard, np.ndarray]]", settings: Settings) -> Candidates:
    """The pairs whose hashes are close."""
    hashed = sorted(hashed, key=lambda each: (each[0].split, each[0].path))
    names = sorted({shard.split for shard, _ in hashed})
    images = Counter(dict.fromkeys(names, 0))
    for shard, found in hashed:
        images[shard.split] += len(found)
    places = [Place(shard.split, shard.path, record) for shard, found in hashed for record in range(len(found))]
    splits = np.repeat([names.index(shard.split) for shard, _ in hashed], [len(found) for _, found in hashed])
    rows = duplicates.across(np.concatenate([found for _, found in hashed]), splits, settings.max_distance)
    pairs = [(places[first], places[second], distance) for first, second, distance in rows]
    wanted: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, (first, second, _) in enumerate(pairs):
        for place in (first, second):
            wanted[place.path][place.record].append(index)
    return Candidates(dict(images), pairs, {path: dict(records) for path, records in wanted.items()})


def wanted_images(
    shard: Shard, candidates: Candidates, settings: Settings
) -> "Iterator[tuple[int, tuple[Place, str, np.ndarray]]]":
    """The images of a file that are in a pair: the pair, and the image's place, name and thumbnail."""
    wanted = candidates.wanted.get(shard.path, {})
    for number, record in example_files.chosen(shard.path, wanted):
        encoded, name = image_of(record, settings.column)
        image = (Place(shard.split, shard.path, number), name, duplicates.thumbnail(encoded))
        yield from ((pair, image) for pair in wanted[number])


def confirm(
    pairs: "list[tuple[int, Iterable[tuple[Place, str, np.ndarray]]]]", candidates: Candidates, settings: Settings
) -> "Iterator[Pair]":
    """The pairs that are similar enough."""
    sides = [sorted(images, key=lambda image: image[0]) for _, images in pairs]
    similar = duplicates.ssim([first[2] for first, _ in sides], [second[2] for _, second in sides])
    for (index, _), (first, second), value in zip(pairs, sides, similar.tolist(), strict=True):
        if value >= settings.min_ssim:
            distance = candidates.pairs[index][2]
            yield Pair(first=_image(*first), second=_image(*second), distance=distance, ssim=round(value, 4))


def result(found: "list[Pair]", candidates: Candidates, settings: Settings) -> Column:
    """The counts for each two splits, and the pairs."""
    found = sorted(found, key=lambda pair: (-pair.ssim, pair.distance, pair.first.place, pair.second.place))
    by_splits: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    for pair in found:
        by_splits[pair.first.split, pair.second.split].append(pair)
    return Column(
        **dataclasses.asdict(settings),
        images=candidates.images,
        pairs=len(found),
        splits=[_count(names, pairs, candidates.images) for names, pairs in sorted(by_splits.items())],
        listed=found[:LISTED],
    )


def write(found: "list[Column]", path: str) -> None:
    """The results of all columns as a file."""
    columns = Result(columns=sorted(found, key=lambda each: each.column))
    shards.write_text(path, os.path.dirname(path), [columns.model_dump_json(indent=2)])


def _count(names: tuple[str, str], pairs: Sequence[Pair], images: dict[str, int]) -> Counts:
    """How many images of the smaller split have a near-duplicate in the other."""
    smaller = min(names, key=lambda name: images[name])
    [other] = [name for name in names if name != smaller]
    affected = {image.place for pair in pairs for image in (pair.first, pair.second) if image.split == smaller}
    of = images[smaller]
    return Counts(split=smaller, other=other, pairs=len(pairs), images=len(affected), of=of, share=len(affected) / of)


def _image(place: Place, name: str, _: np.ndarray) -> Image:
    return Image(name=name or f"{os.path.basename(place.path)}:{place.record}", **dataclasses.asdict(place))
