"""The page of near-duplicates: the counts, and the most similar pairs side by side."""

import os
from collections.abc import Iterator, Mapping, Sequence

from components import examples as example_files
from components.examples import Shard
from components.images.records import image_of
from components.near_duplicates.result import Column, Counts, Pair
from components.report import page
from components.report.pictures import data_uri
from components.tfrecords import shards

SHOWN = 24
"""Pairs for each column and two splits; a pair takes some 10 KB of the page."""

Key = tuple[str, str, int]
"""Column, file and number of the record."""


def listed_pairs(column: Column) -> list[tuple[Counts, list[Pair]]]:
    """The counts of each two splits of a column, and their pairs that the page shows, the most similar first."""
    return [(counts, column.of_splits(counts, SHOWN)) for counts in column.splits]


def of_file(shard: Shard, columns: "Sequence[Column]") -> "Iterator[tuple[Key, str]]":
    """The pictures of a file's images that the page shows, as data URIs."""
    wanted: dict[int, set[str]] = {}
    for column in columns:
        for _, pairs in listed_pairs(column):
            for image in (image for pair in pairs for image in (pair.first, pair.second)):
                if image.path == shard.path:
                    wanted.setdefault(image.record, set()).add(column.column)
    for number, record in example_files.chosen(shard.path, wanted):
        for name in sorted(wanted[number]):
            yield (name, shard.path, number), data_uri(image_of(record, name)[0])


def render(columns: "Sequence[Column]", pictures: "Mapping[Key, str]") -> str:
    """The page as text."""
    return page.render(
        "near_duplicates", "duplicates.html.j2", columns=columns, listed_pairs=listed_pairs, pictures=pictures
    )


def write_page(found: "Sequence[tuple[Key, str]]", columns: "Sequence[Column]", path: str) -> None:
    """Write the page."""
    text = render(sorted(columns, key=lambda each: each.column), dict(found))
    shards.write_text(path, os.path.dirname(path), [text])
