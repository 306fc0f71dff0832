"""Rows of examples, where statistics do not say enough: those that break the schema, and those with the same key."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from tensorflow_metadata.proto.v0 import statistics_pb2

from components.anomalies import Key
from components.drift.anomalous_rows import AnomalousRows
from components.drift.comparing import Data
from components.drift.join_rows import Joining, join
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
        """Rows with the same key compared one by one, in the columns that both have and serving is to have."""
        before, after = (
            {name_of(each): each.type for each in whole(data.statistics).features} for data in (training, serving)
        )
        mixed = [name for name in before if {before[name], after.get(name)} == set(_NUMBERS)]
        how = Joining(self.key, mixed, {*left_out, *self.without, *(before.keys() ^ after.keys())}, self.shown)
        return join(training.examples, serving.examples, how, self.folder, self.beam_args)
