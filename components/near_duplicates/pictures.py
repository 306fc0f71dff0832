"""The page of near-duplicates: the counts, and the most similar pairs side by side."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apache_beam.io.filesystems import FileSystems

from components import examples as example_files
from components.images.records import image_of
from components.near_duplicates.find import pairs_of
from components.report import page
from components.report.pictures import data_uri

SHOWN = 24
"""Pairs for each column and two splits; a pair takes some 10 KB of the page."""

Place = tuple[str, str, int]
"""Column, file and number of the record."""


def shown(column: dict[str, Any]) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """The counts of each two splits of a column, and their pairs that the page shows, the most similar first."""
    return [(counts, pairs_of(column, counts)[:SHOWN]) for counts in column["splits"]]


def of_file(file: "tuple[str, str]", columns: "Sequence[dict[str, Any]]") -> "Iterator[tuple[Place, str]]":
    """The pictures of a file's images that the page shows, as data URIs."""
    _, path = file
    wanted: dict[int, set[str]] = {}
    for column in columns:
        for _, pairs in shown(column):
            for image in (pair[side] for pair in pairs for side in ("first", "second")):
                if image["path"] == path:
                    wanted.setdefault(image["record"], set()).add(column["column"])
    for index, record in enumerate(example_files.records([path]) if wanted else ()):
        for name in sorted(wanted.get(index, ())):
            yield (name, path, index), data_uri(image_of(record, name)[0])


def render(columns: "Sequence[dict[str, Any]]", pictures: "Mapping[Place, str]") -> str:
    """The page as text."""
    return page.render("near_duplicates", "duplicates.html.j2", columns=columns, shown=shown, pictures=pictures)


def write_page(found: "Sequence[tuple[Place, str]]", columns: "Sequence[dict[str, Any]]", path: str) -> None:
    """Write the page."""
    with FileSystems.create(path) as file:
        file.write(render(sorted(columns, key=lambda each: each["column"]), dict(found)).encode())
