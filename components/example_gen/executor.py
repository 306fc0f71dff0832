"""The executor: runs the Beam pipeline and turns what it found into artifacts or an error."""

import json
import posixpath
from typing import Any

import apache_beam as beam
from absl import logging
from apache_beam.io.filesystems import FileSystems
from tfx import types
from tfx.components.example_gen import utils
from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils
from tfx.types.standard_component_specs import EXAMPLES_KEY

from components.errors import InputError
from components.example_gen.driver import FORMAT, QUARANTINE, SETTINGS, input_pattern
from components.example_gen.facts import Chunk
from components.example_gen.readers import reader
from components.example_gen.settings import Settings
from components.example_gen.transforms import Ingest, Outputs
from components.tfrecords import shards

REPORT = "report.json"


class Executor(BaseBeamExecutor):
    """Files of one span → split folders of `examples`, bad rows and a report in `quarantine`."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """See TFX.

        Raises:
            InputError: the data cannot be used; names file and line.
        """
        del input_dict
        settings = Settings.of(exec_properties[FORMAT], json.loads(exec_properties[SETTINGS]))
        examples = artifact_utils.get_single_instance(output_dict[EXAMPLES_KEY])
        quarantine = artifact_utils.get_single_instance(output_dict[QUARANTINE])
        chunks = list_chunks(input_pattern(exec_properties), settings)
        with shards.partial(examples.uri) as partial:
            outputs = Outputs(examples.uri, quarantine.uri, partial)
            report = ingest(self._make_beam_pipeline(), chunks, settings, outputs)
        for note in report["notes"]:
            logging.warning("%s", note)
        examples.split_names = artifact_utils.encode_split_names(list(settings.splits.names))
        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
        examples.set_string_custom_property(utils.FILE_FORMAT_PROPERTY_NAME, "tfrecords_gzip")


def ingest(pipeline: beam.Pipeline, chunks: list[Chunk], settings: Settings, outputs: Outputs) -> dict[str, Any]:
    """Run `pipeline` with the ingestion of `chunks`; returns the report, which also stands in the quarantine.

    The report travels through a file, since a pipeline on a cluster returns nothing.

    Raises:
        InputError: the data cannot be used; names file and line.
    """
    path = posixpath.join(outputs.quarantine, REPORT)
    for folder in [f"{outputs.examples}/Split-{name}" for name in settings.splits.names] + [outputs.quarantine]:
        fileio.makedirs(folder)
    with pipeline:
        found = pipeline | "Chunks" >> beam.Create(chunks) | "Ingest" >> Ingest(settings, outputs)
        _ = found | "WriteReport" >> beam.Map(_write_report, path, outputs.partial, settings)
    with fileio.open(path) as file:
        report: dict[str, Any] = json.loads(file.read())
    if report["error"]:
        raise InputError(report["error"])
    return report


def list_chunks(pattern: str, settings: Settings) -> list[Chunk]:
    """The files that match `pattern`, cut for a first look.

    Raises:
        InputError: none does, one is empty, or it is not clear which split one belongs to.
    """
    files = sorted(FileSystems.match([pattern])[0].metadata_list, key=lambda found: found.path)
    if not files:
        raise InputError(f"{pattern}: no file matches")
    settings.splits.check_files([file.path for file in files])
    source = reader(settings)
    return [chunk for file in files for chunk in source.chunks(file.path, file.size_in_bytes)]


def _write_report(found: dict[str, Any], path: str, partial: str, settings: Settings) -> None:
    summary = found["summary"]
    notes = [*summary.notes]
    if not summary.error:
        notes += [f"split {name!r} has no rows" for name, rows in found["rows"].items() if not rows]
    report = {
        "error": summary.error,
        "rows": summary.rows,
        "bad_rows": summary.bad,
        "allowed_bad_rows": settings.allowed(summary.rows + summary.bad),
        "splits": found["rows"],
        "columns": {name: kind.name.lower() for name, kind in summary.kinds.items()},
        "notes": notes,
    }
    shards.write_text(path, partial, [json.dumps(report, indent=2, ensure_ascii=False)])
