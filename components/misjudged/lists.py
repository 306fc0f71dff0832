"""The pictures of what a model misjudges: which lists an image is in, and the lists put together."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from components import examples as example_files
from components.examples import Shard
from components.images.records import image_of
from components.misjudged.judge import Wrong, is_suspect
from components.misjudged.result import HeadResult, Picture, Result, SplitResult
from components.misjudged.settings import Settings
from components.report.pictures import data_uri

_WORST, _CONTRADICTED = "worst", "contradicted"

List = tuple[str, str, str]
"""Which list an image is in: _WORST or _CONTRADICTED, head, split."""
Key = tuple[str, int]
"""File and number of the record."""


def lists_of(wrong: "tuple[str, Wrong]", evaluated: str) -> "Iterator[tuple[List, tuple[float, Wrong]]]":
    """The lists that an image is in, with its rank there; the highest rank is shown first."""
    head, image = wrong
    if image.shard.split == evaluated:
        yield (_WORST, head, evaluated), (-image.label_score, image)
    yield (_CONTRADICTED, head, image.shard.split), (image.score - image.label_score, image)


def of_file(
    shard: Shard, chosen: "Mapping[List, Sequence[tuple[float, Wrong]]]", column: str
) -> "Iterator[tuple[Key, tuple[str, str]]]":
    """The name and the picture of each image of a file that is in a list."""
    wanted = {image.record for images in chosen.values() for _, image in images if image.shard == shard}
    for number, record in example_files.chosen(shard.path, wanted):
        encoded, name = image_of(record, column)
        yield (shard.path, number), (name, data_uri(encoded))


def result(
    pictures: "Sequence[tuple[Key, tuple[str, str]]]",
    chosen: "Mapping[List, Sequence[tuple[float, Wrong]]]",
    sums: "Mapping[tuple[str, str], np.ndarray]",
    counts: "Mapping[tuple[str, str], int]",
    settings: Settings,
    splits: "Sequence[str]",
) -> Result:
    """All of it, put together."""
    found = dict(pictures)

    def shown(kind: str, head: str, split: str) -> list[Picture]:
        images = [image for _, image in chosen.get((kind, head, split), ())]
        return [
            _picture(image, *found[image.shard.path, image.record], is_suspect((head, image), sums)) for image in images
        ]

    def of_split(head: str, split: str) -> SplitResult:
        images, _, misjudged = sums[head, split].sum(axis=1).tolist()
        suspects = counts.get((head, split), 0)
        pictures = shown(_CONTRADICTED, head, split)
        return SplitResult(split=split, images=images, misjudged=misjudged, suspects=suspects, shown=pictures)

    heads = [
        HeadResult(
            name=head,
            worst=shown(_WORST, head, settings.split),
            splits=[of_split(head, split) for split in splits if (head, split) in sums],
        )
        for head in settings.heads
    ]
    return Result(split=settings.split, heads=heads)


def _picture(image: Wrong, name: str, picture: str, suspect: bool) -> Picture:
    fields = {name: getattr(image, name) for name in ("label", "predicted", "score", "label_score")}
    place = {"split": image.shard.split, "span": image.shard.span, "name": name}
    return Picture(**place, **fields, suspect=suspect, picture=picture)
