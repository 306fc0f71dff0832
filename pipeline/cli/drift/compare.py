"""`millrace drift BASELINE CURRENT`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, get_args

import click
from rich.console import Console

from pipeline.cli.console import console, quiet
from pipeline.config.config import Beam
from pipeline.prediction.formats import InputFormat

if TYPE_CHECKING:
    from components.drift.compare import Role
    from components.drift.report import Report


@click.command()
@click.argument("baseline")
@click.argument("current")
@click.option("--schema", metavar="FILE", type=click.Path(dir_okay=False), help="Whose comparators are the thresholds.")
@click.option("--skew", is_flag=True, help="Take the schema's skew comparators, not those of drift.")
@click.option("--out", metavar="DIR", help="The folder for drift.html, drift.json and junit.xml.")
@click.option("--label", metavar="COLUMN", multiple=True, help="A column that is the label: its drift stands first.")
@click.option("--prediction", metavar="COLUMN", multiple=True, help="A column of predictions: its drift stands first.")
@click.option("--slice", "slices", metavar="COLUMN", multiple=True, help="Compare the rows of each of its values, too.")
@click.option("--key", metavar="COLUMN", multiple=True, help="Compare rows with the same key one by one, too.")
@click.option("--rows", is_flag=True, help="Show some of the rows that differ.")
@click.option("--delimiter", default=",", show_default=True, help="Of CSV files.")
@click.option("--format", type=click.Choice(get_args(InputFormat)), help="Of the files; not given: by their names.")
@click.option(
    "--image", "images", metavar="COLUMN", multiple=True, help="A column of encoded images, in TFRecord files."
)
def compare(
    baseline: str,
    current: str,
    schema: str | None,
    skew: bool,
    out: str | None,
    label: tuple[str, ...],
    prediction: tuple[str, ...],
    slices: tuple[str, ...],
    key: tuple[str, ...],
    rows: bool,
    delimiter: str,
    format: InputFormat | None,
    images: tuple[str, ...],
) -> int:
    """Compare two data sets, each a file of TFDV's statistics or files of data.

    BASELINE and CURRENT are statistics (.pb, .pbtxt, or a split's folder with FeatureStats.pb) or a file or pattern of
    CSV, TFRecord, JSON Lines or Parquet. Exit codes: 0 no drift, 1 drift, 2 bad input, 4 nothing comparable.
    """
    with quiet() as output:
        # Only now: TFDV takes seconds, and it writes to the terminal.
        from components.drift import files
        from pipeline.drift import sides
        from pipeline.runners.executor import beam_args
        from pipeline.statistics import sources

        reading = sources.Reading(delimiter, images, format, beam_args(Beam()))
        roles: dict[str, Role] = {**dict.fromkeys(label, "label"), **dict.fromkeys(prediction, "prediction")}
        wanted = sides.Wanted(schema, "skew" if skew else "drift", roles, slices, key, rows)
        report = sides.compare(baseline, current, reading, wanted)
        to = console(output.stream)
        _print(report, to)
        for path in files.write(report, out) if out else ():
            to.print(path, soft_wrap=True)
        return report.exit_code


def _print(report: Report, to: Console) -> None:
    """What does not pass, and the verdict below it."""
    for line in (*report.notes, *_features(report), *_slices(report), *_rows(report)):
        to.print(line, soft_wrap=True)
    to.print(report.verdict, style="bold", soft_wrap=True)


def _features(report: Report) -> Iterator[str]:
    from components.drift.compare import State
    from components.drift.words import alarm

    for result in report.results:
        if result.state is State.DRIFT:
            yield alarm(result)
        elif result.state is State.NOT_COMPARABLE:
            yield f"{result.name}: not comparable: {result.why}"


def _slices(report: Report) -> Iterator[str]:
    """Their alarms; of those that say nothing at all the reason."""
    from components.drift.compare import State
    from components.drift.words import alarm

    for name, results in report.slices.items():
        yield from (f"{name}: {alarm(each)}" for each in results if each.state is State.DRIFT)
        if all(each.state is State.NOT_COMPARABLE for each in results):
            yield f"{name}: not comparable: {results[0].why}"
    for name, why in report.lone_slices.items():
        yield f"{name}: not comparable: {why}"


def _rows(report: Report) -> Iterator[str]:
    if report.row_skew is None:
        return
    for each in report.row_skew.exceeded:
        yield f"{each.name}: differs in {each.pairs - each.matched:,} of {each.pairs:,} rows with the same key"
    for pair in report.row_skew.rows:
        for side, row in (("baseline", pair.baseline), ("current", pair.current)):
            yield f"  {side}: {', '.join(f'{name}={value}' for name, value in row.items())}"
