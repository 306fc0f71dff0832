"""Rows of examples, where statistics do not say enough: those that break the schema, and those with the same key."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from tensorflow_metadata.proto.v0 import statistics_pb2

from components.anomalies import Key
from components.drift import join_rows
from components.drift.anomalous_rows import AnomalousRows
from components.drift.comparing import Data
from components.drift.row_skew import RowSkew
from components.statistics.features import name_of
from components.statistics.slices import whole

_NUMBERS = (statistics_pb2.FeatureNameStatistics.INT, statistics_pb2.FeatureNameStatistics.FLOAT)


@dataclasses.dataclass(frozen=True)
class Rows:
    """How rows are looked at.

    Attributes:
        key: columns that tell which rows are the same.
        shown: how many are kept as examples.
        without: columns that nobody wants to see.
        folder: where all of Beam's workers can write.
    """

    key: Sequence[str]
    shown: int
    without: Collection[str]
    folder: str
    beam_args: Sequence[str]

    def find(self, examples: str, search: AnomalousRows) -> Mapping[Key, Sequence[str]]:
        """What a search finds in files of examples."""
        return search.run(examples, self.without, self.folder, self.beam_args)

    def skew(self, training: Data, serving: Data, left_out: Collection[str]) -> RowSkew:
        """Rows with the same key compared one by one, but for columns that serving does not have."""
        before, after = (
            {name_of(each): each.type for each in whole(data.statistics).features} for data in (training, serving)
        )
        mixed = [name for name in before if {before[name], after.get(name)} == set(_NUMBERS)]
        found = join_rows.join(training.examples, serving.examples, self.key, mixed, self.shown, self.beam_args)
        return dataclasses.replace(
            found,
            features=[each for each in found.features if each.name not in {*left_out, *self.without}],
            rows=[
                dataclasses.replace(each, baseline=_without(each.baseline, left_out), current=each.current)
                for each in found.rows
            ],
        )


def _without(row: Mapping[str, str], names: Collection[str]) -> Mapping[str, str]:
    return {name: value for name, value in row.items() if name not in names}
