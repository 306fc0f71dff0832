"""Statistics of the splits that a run would make of files of data."""

from __future__ import annotations

from collections.abc import Sequence

from components.example_gen.settings import Settings
from components.example_gen.temporary import ingested
from components.statistics.files import Statistics
from pipeline.statistics.rows import Reading, Rows


def count(pattern: str, settings: Settings, beam_args: Sequence[str]) -> dict[str, Statistics]:
    """The statistics of each split that has rows, of the files that match `pattern`.

    Raises:
        InputError: no file does, or one cannot be read; names file and line.
    """
    reading = Reading(images=settings.images, beam_args=beam_args)
    with ingested(pattern, settings, beam_args) as found:
        splits = [name for name, rows in found.rows.items() if rows]
        return {name: Rows(pattern, found.pattern(name), found.kinds, reading).statistics({}) for name in splits}
