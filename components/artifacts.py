"""Artifact types that TFX does not have."""

from tfx.types.artifact import Artifact, Property, PropertyType

SPAN = "span"


class Quarantine(Artifact):
    """What ingestion set aside, and what it noticed.

    `report.json` holds the counts and the notes; `bad_rows-RANGE.jsonl` one object per bad row: file, place,
    reason and raw text (`raw_base64` as well where the row is no UTF-8).
    """

    TYPE_NAME = "Quarantine"
    PROPERTIES = {SPAN: Property(type=PropertyType.INT)}


class Verdict(Artifact):
    """What a gate said: `verdict.json` with `passed` and what spoke against it."""

    TYPE_NAME = "Verdict"


class HtmlReport(Artifact):
    """A report: `report.html`, one page that opens without a network, and its numbers as `result.json`."""

    TYPE_NAME = "HtmlReport"


class MisjudgedImages(Artifact):
    """What a model gets most wrong: `misjudged.json`, as components/misjudged/result.py says."""

    TYPE_NAME = "MisjudgedImages"


class DuplicateImages(Artifact):
    """Images that are nearly the same in different splits.

    `duplicates.json` counts and lists them, as components/near_duplicates says; `duplicates.html` shows some.
    """

    TYPE_NAME = "DuplicateImages"


class DriftReports(Artifact):
    """Comparisons of data sets: `result.json`, as components/drift/result.py says, and a folder of files for each."""

    TYPE_NAME = "DriftReports"
