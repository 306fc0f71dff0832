"""The Beam pipeline: one pass of the model over all images → ranks → read only the chosen images again.

A label is suspect where the model's score of another class is at least what it gives that class on average where it is
the label, in the same split (Northcutt, Jiang & Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels",
JAIR 2021). That holds for models that are too sure or too unsure of themselves as well.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Optional

import apache_beam as beam
import numpy as np
from apache_beam.io.filesystems import FileSystems

from components import examples as example_files
from components.batches import batches
from components.images.records import image_of
from components.misjudged.result import HeadResult, Picture, Result, SplitResult
from components.report.pictures import data_uri
from components.saved_model import Model

MOST = 24
"""Pictures in one list."""
MOST_IN_ALL = 250
"""What a page below 5 MB can hold."""
_SUMS = "sums"
_WORST, _CONTRADICTED = "worst", "contradicted"

List = tuple[str, str, str]
"""Which list an image is in: _WORST or _CONTRADICTED, head, split."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """What is looked at."""

    model: str
    """The folder of a SavedModel with the signatures `evaluate` and `transform_labels`."""
    column: str
    split: str
    """The evaluated one."""
    heads: tuple[str, ...]
    """The classifiers."""

    def shown(self, splits: int) -> int:
        """How many pictures each list may hold."""
        return max(1, min(MOST, MOST_IN_ALL // (len(self.heads) * (splits + 1))))


@dataclasses.dataclass(frozen=True, order=True)
class File:
    """A shard of examples."""

    split: str
    span: int
    path: str


@dataclasses.dataclass(frozen=True, order=True)
class Wrong:
    """An image that the model misjudges."""

    file: File
    record: int
    label: int
    predicted: int
    score: float
    label_score: float


def find(files: beam.PCollection, settings: Settings, splits: Sequence[str], path: str) -> Any:
    """From `File`s to the result's file."""
    spread = files | "Spread" >> beam.Reshuffle()
    judged = spread | "Judge" >> beam.ParDo(Judge(settings)).with_outputs(_SUMS, main="wrong")
    sums = judged[_SUMS] | "AddUp" >> beam.CombinePerKey(_added)
    listed = judged["wrong"] | "List" >> beam.FlatMap(lists, settings.split)
    suspects = judged["wrong"] | "Suspects" >> beam.Filter(is_suspect, beam.pvalue.AsDict(sums))
    counts = suspects | "Places" >> beam.Map(place) | "Count" >> beam.combiners.Count.PerElement()
    chosen = beam.pvalue.AsDict(listed | "Choose" >> beam.combiners.Top.PerKey(settings.shown(len(splits))))
    pictures = spread | "Pictures" >> beam.FlatMap(of_file, chosen, settings.column)
    return (
        pictures
        | "AllPictures" >> beam.combiners.ToList()
        | "Result" >> beam.Map(result, chosen, beam.pvalue.AsDict(sums), beam.pvalue.AsDict(counts), settings, splits)
        | "Write" >> beam.Map(_write, path)
    )


class Judge(beam.DoFn):
    """From a file to the (head, image) that are misjudged; under "sums" (head, split), `sums_of` all of its images."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._model: Optional[Model] = None

    def setup(self) -> None:
        """Load the model."""
        self._model = Model(self._settings.model)

    def teardown(self) -> None:
        """Let go of it."""
        self._model = None

    def process(self, file: File) -> Iterator[Any]:
        """See the class."""
        assert self._model is not None
        totals: dict[str, np.ndarray] = {}
        size = self._model.batch
        for number, batch in enumerate(batches(example_files.records([file.path]), size)):
            for head, (prediction, labels) in self._model.evaluated(batch, self._settings.heads).items():
                scores = scores_of(prediction)
                totals[head] = totals.get(head, 0) + sums_of(scores, labels)
                for row in np.flatnonzero(_known(scores, labels) & (scores.argmax(axis=1) != labels)):
                    yield head, _wrong(file, number * size + int(row), int(labels[row]), scores[row])
        for head, total in totals.items():
            yield beam.pvalue.TaggedOutput(_SUMS, ((head, file.split), total))


def scores_of(prediction: np.ndarray) -> np.ndarray:
    """The score of every class, [n, classes]: a binary head predicts that of the second one."""
    return np.concatenate([1 - prediction, prediction], axis=1) if prediction.shape[1] == 1 else prediction


def sums_of(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """[3, classes] by label: how many images, the sum of the scores of their labels, how many are misjudged."""
    known = _known(scores, labels)
    scores, labels = scores[known], labels[known].astype(int)
    of_label = scores[np.arange(len(labels)), labels]
    weights = (np.ones(len(labels)), of_label, scores.argmax(axis=1) != labels)
    size = scores.shape[1]
    return np.stack([np.bincount(labels, np.asarray(each, float), size) for each in weights])


def _known(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Where the label is a class of the model, and the scores are numbers."""
    return (labels >= 0) & (labels < scores.shape[1]) & np.isfinite(scores).all(axis=1)


def _wrong(file: File, record: int, label: int, scores: np.ndarray) -> Wrong:
    predicted = int(scores.argmax())
    return Wrong(file, record, label, predicted, float(scores[predicted]), float(scores[label]))


def _added(parts: "Iterable[np.ndarray]") -> np.ndarray:
    return np.sum(list(parts), axis=0)


def lists(wrong: "tuple[str, Wrong]", evaluated: str) -> "Iterator[tuple[List, tuple[float, Wrong]]]":
    """The lists that an image is in, with its rank there; the highest rank is shown first."""
    head, image = wrong
    if image.file.split == evaluated:
        yield (_WORST, head, evaluated), (-image.label_score, image)
    yield (_CONTRADICTED, head, image.file.split), (image.score - image.label_score, image)


def place(wrong: "tuple[str, Wrong]") -> tuple[str, str]:
    """Head and split."""
    head, image = wrong
    return head, image.file.split


def is_suspect(wrong: "tuple[str, Wrong]", sums: "Mapping[tuple[str, str], np.ndarray]") -> bool:
    """Whether the model contradicts the label confidently."""
    return wrong[1].score >= usual_score(sums[place(wrong)], wrong[1].predicted)


def usual_score(sums: np.ndarray, predicted: int) -> float:
    """The mean score of a class where it is the label; of all labels where it is none of them."""
    images, scores = sums[:2, predicted] if sums[0, predicted] else sums[:2].sum(axis=1)
    return float(scores / images)


def of_file(
    file: File, chosen: "Mapping[List, Sequence[tuple[float, Wrong]]]", column: str
) -> "Iterator[tuple[tuple[str, int], tuple[str, str]]]":
    """The name and the picture of each image of a file that is in a list, by path and record."""
    wanted = {image.record for images in chosen.values() for _, image in images if image.file == file}
    for record, example in enumerate(example_files.records([file.path]) if wanted else ()):
        if record in wanted:
            encoded, name = image_of(example, column)
            yield (file.path, record), (name, data_uri(encoded))


def result(
    pictures: "Sequence[tuple[tuple[str, int], tuple[str, str]]]",
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
            _picture(image, *found[image.file.path, image.record], is_suspect((head, image), sums)) for image in images
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
    place = {"split": image.file.split, "span": image.file.span, "name": name}
    return Picture(**place, **fields, suspect=suspect, picture=picture)


def _write(found: Result, path: str) -> None:
    with FileSystems.create(path) as file:
        file.write(found.model_dump_json(indent=1).encode())
