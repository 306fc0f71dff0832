"""`millrace drift BASELINE CURRENT`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console

from pipeline.cli.console import console, quiet
from pipeline.config.config import Beam

if TYPE_CHECKING:
    from components.drift.report import Report


@click.command()
@click.argument("baseline")
@click.argument("current")
@click.option("--schema", metavar="FILE", type=click.Path(dir_okay=False), help="Whose comparators are the thresholds.")
@click.option("--skew", is_flag=True, help="Take the schema's skew comparators, not those of drift.")
@click.option("--out", metavar="DIR", help="The folder for drift.html, drift.json and junit.xml.")
@click.option("--delimiter", default=",", show_default=True, help="Of CSV files.")
@click.option(
    "--image", "images", metavar="COLUMN", multiple=True, help="A column of encoded images, in TFRecord files."
)
def compare(
    baseline: str,
    current: str,
    schema: str | None,
    skew: bool,
    out: str | None,
    delimiter: str,
    images: tuple[str, ...],
) -> int:
    """Compare two data sets, each a file of TFDV's statistics or files of data.

    BASELINE and CURRENT are statistics (.pb, .pbtxt, or a split's folder with FeatureStats.pb) or a file or pattern of
    CSV, TFRecord, JSON Lines or Parquet. Exit codes: 0 no drift, 1 drift, 2 bad input, 4 nothing comparable.
    """
    with quiet() as output:
        # Only now: TFDV takes seconds, and it writes to the terminal.
        from components.drift import files
        from pipeline.drift import schemas, sides
        from pipeline.runners.executor import beam_args
        from pipeline.statistics import sources

        reading = sources.Reading(delimiter, images, beam_args=beam_args(Beam()))
        thresholds = schemas.load(schema) if schema else None
        report = sides.compare(baseline, current, reading, thresholds, "skew" if skew else "drift")
        to = console(output.stream)
        _print(report, to)
        for path in files.write(report, out) if out else ():
            to.print(path, soft_wrap=True)
        return report.exit_code


def _print(report: Report, to: Console) -> None:
    """The features that do not pass, and the verdict below them."""
    from components.drift.compare import State
    from components.drift.words import alarm

    for result in report.results:
        if result.state is State.DRIFT:
            to.print(alarm(result), soft_wrap=True)
        elif result.state is State.NOT_COMPARABLE:
            to.print(f"{result.name}: not comparable: {result.why}", soft_wrap=True)
    to.print(report.verdict, style="bold", soft_wrap=True)
