"""What the spans before that of a run left: the baselines of drift."""

from collections.abc import Mapping
from typing import Optional

import ml_metadata as mlmd
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.dsl.io import fileio
from tfx.types import Artifact, standard_artifacts

from components import examples as example_files
from components.example_gen.driver import INGESTION

EXAMPLES, STATISTICS, CURRENT = "examples", "statistics", "current"


class EarlierSpans(ResolverStrategy):
    """The newest artifact of each of the last spans before that of this run; none on a first run.

    Inputs: `examples` and `statistics`, all that any run of the pipeline made, and `current`, the examples of this run.
    Examples are read by the model and put together with others, so that only those count that were ingested in the
    same way. Statistics count however they came about: a source that was replaced is what drift is to be seen in.
    """

    def __init__(self, most: Mapping[str, int]) -> None:
        """Args:
        most: how many spans are wanted, by key.
        """
        self._most = most

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[Artifact]]
    ) -> Optional[dict[str, list[Artifact]]]:
        """The same keys, narrowed down; None where this run made nothing."""
        del store
        if not input_dict[CURRENT]:
            return None
        current = max(input_dict[CURRENT], key=lambda artifact: artifact.id)
        found = {key: self._earlier(key, artifacts, current) for key, artifacts in input_dict.items()}
        return {**found, CURRENT: [current]}

    def _earlier(self, key: str, artifacts: list[Artifact], current: Artifact) -> list[Artifact]:
        last = example_files.span(current)
        newest = example_files.newest_by_span(
            artifact for artifact in artifacts if example_files.span(artifact) < last and _usable(artifact, current)
        )
        return [newest[span] for span in sorted(newest, reverse=True)[: self._most.get(key, 0)]]


def _usable(artifact: Artifact, current: Artifact) -> bool:
    if artifact.type_name == standard_artifacts.Examples.TYPE_NAME:
        same = artifact.get_string_custom_property(INGESTION) == current.get_string_custom_property(INGESTION)
        if not same:
            return False
    return fileio.exists(artifact.uri)
