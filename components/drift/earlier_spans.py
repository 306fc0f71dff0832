"""What the spans before that of a run left: the baselines of drift."""

from collections.abc import Mapping, Sequence
from typing import Optional

import ml_metadata as mlmd
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.dsl.io import fileio
from tfx.types import Artifact, standard_artifacts

from components.drift.refused import refused
from components.spans import INGESTION, newest_by_span, span_of

EXAMPLES, STATISTICS, CURRENT, REFUSED = "examples", "statistics", "current", "refused"


class EarlierSpans(ResolverStrategy):
    """The newest artifact of each of the last spans before that of this run; none on a first run.

    Inputs: `examples` and `statistics`, all that any run of the pipeline made; `current`, the examples of this run;
    and `refused`, statistics again: what becomes of them are those of the spans since the last one that is found here
    which a gate stopped, and did not let through since. They are no baseline: or drift would end one run, and be
    normal in the next. A span that no gate has looked at is one, such as those before the first of a window.

    Examples are read by the model and put together with others, so that only those count that were ingested in the
    same way. Statistics count however they came about: a source that was replaced is what drift is to be seen in.
    """

    def __init__(self, most: Mapping[str, int], gates: Sequence[str]) -> None:
        """Args:
        most: how many spans are wanted, by key.
        gates: the nodes that stop a run, as PIPELINE.NODE.
        """
        self._most = most
        self._gates = gates

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[Artifact]]
    ) -> Optional[dict[str, list[Artifact]]]:
        """The same keys, narrowed down; None where this run made nothing."""
        if not input_dict[CURRENT]:
            return None
        current = max(input_dict[CURRENT], key=lambda artifact: artifact.id)
        earlier = {key: [each for each in input_dict[key] if _usable(each, current)] for key in (EXAMPLES, STATISTICS)}
        ids = {artifact.id for artifacts in earlier.values() for artifact in artifacts}
        stopped = refused(store, ids, self._gates)
        found = {
            key: _newest([each for each in artifacts if each.id not in stopped])[: self._most.get(key, 0)]
            for key, artifacts in earlier.items()
        }
        last = max(map(span_of, found[STATISTICS]), default=-1)
        since = [each for each in earlier[STATISTICS] if each.id in stopped and span_of(each) > last]
        return {**found, REFUSED: _newest(since), CURRENT: [current]}


def _newest(artifacts: Sequence[Artifact]) -> list[Artifact]:
    """Of each span one, the last span first."""
    newest = newest_by_span(artifacts)
    return [newest[span] for span in sorted(newest, reverse=True)]


def _usable(artifact: Artifact, current: Artifact) -> bool:
    earlier = span_of(artifact) < span_of(current)
    are_examples = artifact.type_name == standard_artifacts.Examples.TYPE_NAME
    same = artifact.get_string_custom_property(INGESTION) == current.get_string_custom_property(INGESTION)
    return bool(earlier and (same or not are_examples) and fileio.exists(artifact.uri))
