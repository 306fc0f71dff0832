"""What a model misjudges, image by image, and which of those labels are suspect.

A label is suspect where the model's score of another class is at least what it gives that class on average where it is
the label, in the same split (Northcutt, Jiang & Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels",
JAIR 2021). That holds for models that are too sure or too unsure of themselves as well.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Optional

import apache_beam as beam
import numpy as np

from components import examples as example_files
from components.batches import batches
from components.examples import Shard
from components.misjudged.settings import Settings
from components.saved_model import Model

SUMS = "sums"


@dataclasses.dataclass(frozen=True, order=True)
class Wrong:
    """An image that the model misjudges."""

    shard: Shard
    record: int
    label: int
    predicted: int
    score: float
    label_score: float


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

    def process(self, shard: Shard) -> Iterator[Any]:
        """See the class."""
        assert self._model is not None
        totals: dict[str, np.ndarray] = {}
        size = self._model.batch
        for number, batch in enumerate(batches(example_files.records([shard.path]), size)):
            for head, (prediction, labels) in self._model.evaluated(batch, self._settings.heads).items():
                scores = scores_of(prediction)
                totals[head] = totals.get(head, 0) + sums_of(scores, labels)
                for row in np.flatnonzero(_known(scores, labels) & (scores.argmax(axis=1) != labels)):
                    yield head, _wrong(shard, number * size + int(row), int(labels[row]), scores[row])
        for head, total in totals.items():
            yield beam.pvalue.TaggedOutput(SUMS, ((head, shard.split), total))


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


def _wrong(shard: Shard, record: int, label: int, scores: np.ndarray) -> Wrong:
    predicted = int(scores.argmax())
    return Wrong(shard, record, label, predicted, float(scores[predicted]), float(scores[label]))


def place(wrong: "tuple[str, Wrong]") -> tuple[str, str]:
    """Head and split."""
    head, image = wrong
    return head, image.shard.split


def is_suspect(wrong: "tuple[str, Wrong]", sums: "Mapping[tuple[str, str], np.ndarray]") -> bool:
    """Whether the model contradicts the label confidently."""
    return wrong[1].score >= usual_score(sums[place(wrong)], wrong[1].predicted)


def usual_score(sums: np.ndarray, predicted: int) -> float:
    """The mean score of a class where it is the label; of all labels where it is none of them."""
    images, scores = sums[:2, predicted] if sums[0, predicted] else sums[:2].sum(axis=1)
    return float(scores / images)
