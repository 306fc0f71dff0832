"""What somebody has typed behind `millrace drift`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from pipeline.prediction.formats import InputFormat
from pipeline.statistics import preflight

if TYPE_CHECKING:
    from components.drift.compare import Role
    from pipeline.drift.sides import Wanted
    from pipeline.statistics.sources import Reading


@dataclass(frozen=True)
class Asked:
    """The arguments and options of the comparison, which are described there."""

    earlier: tuple[str, ...]
    baseline: str
    current: str
    schema: str | None
    environment: str | None
    skew: bool
    out: str | None
    facets: bool
    label: tuple[str, ...]
    prediction: tuple[str, ...]
    slices: tuple[str, ...]
    key: tuple[str, ...]
    rows: bool
    delimiter: str
    format: InputFormat | None
    images: tuple[str, ...]

    def check(self) -> None:
        """What can be told to be wrong before anything is imported that takes seconds.

        Raises:
            UsageError: an option lacks another.
            InputError: there are no such files or columns.
        """
        if self.facets and not self.out:
            raise click.UsageError("--facets needs --out: a folder to write to")
        if self.environment and not self.schema:
            raise click.UsageError("--environment needs --schema: it is one of the schema's")
        if self.rows and not (self.schema or self.key):
            raise click.UsageError(
                "--rows needs --schema or --key: it shows rows that break the one or differ by the other"
            )
        paths = (self.baseline, self.current)
        for path in (*self.earlier, *paths):
            preflight.check_path(path, self.format)
        on_all = {"slice": self.slices, "key": self.key}
        on_any = {"label": self.label, "prediction": self.prediction}
        preflight.check_columns(paths, self.format, self.delimiter, on_all, on_any)

    @property
    def reading(self) -> Reading:
        """How files of data are read."""
        from pipeline.beam import here
        from pipeline.statistics.sources import Reading

        return Reading(self.delimiter, self.images, self.format, here())

    @property
    def wanted(self) -> Wanted:
        """What is compared, and by what."""
        from pipeline.drift.sides import Wanted

        roles: dict[str, Role] = {
            **dict.fromkeys(self.label, "label"),
            **dict.fromkeys(self.prediction, "prediction"),
        }
        return Wanted(
            schema=self.schema,
            kind="skew" if self.skew else "drift",
            roles=roles,
            slices=self.slices,
            key=self.key,
            rows=self.rows,
            environment=self.environment,
            earlier=self.earlier,
        )
