"""Data ingested as a run would ingest it, but only for a while."""

import contextlib
import dataclasses
import tempfile
from collections.abc import Iterator, Mapping, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from components.example_gen.executor import ingest, list_chunks
from components.example_gen.settings import Settings
from components.example_gen.transforms import Outputs


@dataclasses.dataclass(frozen=True)
class Ingested:
    """Examples in TFRecord files.

    Attributes:
        folder: that of an artifact of examples.
        rows: by split.
        kinds: int, float, bytes or empty, by column; none where the format does not tell them.
    """

    folder: str
    rows: Mapping[str, int]
    kinds: Mapping[str, str]

    def pattern(self, split: str) -> str:
        """The files of a split."""
        return f"{self.folder}/Split-{split}/*"


@contextlib.contextmanager
def ingested(pattern: str, settings: Settings, beam_args: Sequence[str]) -> Iterator[Ingested]:
    """The files that match `pattern`, as examples that are gone afterwards.

    Raises:
        InputError: no file does, or one cannot be read; names file and line.
    """
    with tempfile.TemporaryDirectory(prefix="millrace-examples-") as folder:
        outputs = Outputs(f"{folder}/examples", f"{folder}/quarantine", f"{folder}/partial")
        pipeline = beam.Pipeline(options=PipelineOptions(list(beam_args)))
        report = ingest(pipeline, list_chunks(pattern, settings), settings, outputs)
        yield Ingested(outputs.examples, report["splits"], report["columns"])
