"""Which spans a model is trained on: that of the run, and those before it."""

from typing import Optional

import ml_metadata as mlmd
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.types import Artifact

from components.spans import INGESTION, newest_by_span, span_of

EXAMPLES, CURRENT = "examples", "current"


class SpanWindow(ResolverStrategy):
    """The newest Examples of each of the last `num_spans` spans, newest span first.

    Inputs: `examples`, all that any run of the pipeline made, and `current`, what this run made. The window ends at
    the span of `current`, which stands for its span; for the others only artifacts count that were ingested from
    the same path with the same settings, so that a changed split rule or another file never mixes in.
    """

    def __init__(self, num_spans: int) -> None:
        self._num_spans = num_spans

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[Artifact]]
    ) -> Optional[dict[str, list[Artifact]]]:
        """The same keys with `examples` narrowed down; None where this run made nothing."""
        del store
        if not input_dict[CURRENT]:
            return None
        current = max(input_dict[CURRENT], key=lambda artifact: artifact.id)
        last, how = span_of(current), current.get_string_custom_property(INGESTION)
        newest = newest_by_span(
            artifact
            for artifact in input_dict[EXAMPLES]
            if artifact.get_string_custom_property(INGESTION) == how
            and last - self._num_spans < span_of(artifact) < last
        )
        newest[last] = current
        return {EXAMPLES: [newest[span] for span in sorted(newest, reverse=True)], CURRENT: [current]}
