"""`millrace stats`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, get_args

import click
from rich.table import Table

from pipeline.cli.console import console, quiet, table
from pipeline.paths import absolute
from pipeline.prediction.formats import InputFormat
from pipeline.statistics import preflight

if TYPE_CHECKING:
    from components.statistics_page.facts import DataSet

_LONGEST = 40


@click.command()
@click.argument("path")
@click.option("--out", metavar="DIR", help="The folder for stats.html and stats.json.")
@click.option("--delimiter", default=",", show_default=True, help="Of CSV files.")
@click.option("--format", type=click.Choice(get_args(InputFormat)), help="Of the files; not given: by their names.")
@click.option(
    "--image", "images", metavar="COLUMN", multiple=True, help="A column of encoded images, in TFRecord files."
)
def stats(path: str, out: str | None, delimiter: str, format: InputFormat | None, images: tuple[str, ...]) -> None:
    """Describe a data set: count, missing, mean, quantiles, most frequent values of each of its columns.

    PATH is a file or pattern of CSV, TFRecord, JSON Lines or Parquet, or TFDV's statistics (.pb, .pbtxt, or a split's
    folder with FeatureStats.pb).
    """
    preflight.check_path(path, format)
    with quiet() as output:
        # Only now: TFDV takes seconds, and it writes to the terminal.
        from components.report.page import counted
        from components.statistics.slices import whole
        from components.statistics_page import facts
        from pipeline.beam import here
        from pipeline.statistics import files, sources

        reading = sources.Reading(delimiter, images, format, here())
        found = whole(sources.statistics(absolute(path), reading))
        data = facts.of_statistics(sources.short(path), path, found)
        # Before anything is printed: whoever reads only the first lines wants the files, too.
        written = files.write(data, out) if out else []
        to = console(output.stream)
        to.print(f"{counted(data.rows, 'row')}, {counted(len(data.features), 'feature')}", style="bold")
        for grid in _tables(data):
            to.print()
            to.print(grid)
        for each in data.features:
            if each.number and each.number.infinite:
                to.print(
                    f"{each.name}: {counted(each.number.infinite, 'infinite value')}; the figures are of the others"
                )
        for file in written:
            to.print(file, soft_wrap=True)


def _short(value: str) -> str:
    """Whole it would push all else off the line."""
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"


def _tables(data: DataSet) -> Iterator[Table]:
    """Numbers, categories, and what has no values to describe."""
    from components.report.page import number, percent

    numbers = table("number", "type", "missing", "zeros", "mean", "deviation", "min", "median", "max",
                    right=("missing", "zeros", "mean", "deviation", "min", "median", "max"))  # fmt: skip
    texts = table("category", "type", "missing", "distinct", "most frequent", "share",
                  right=("missing", "distinct", "share"))  # fmt: skip
    others = table("without values", "type", "why")
    for each in data.features:
        start = (each.name, each.type, percent(each.missing_share))
        if (of := each.number) is not None:
            moments = (of.mean, of.deviation, of.minimum, of.median, of.maximum)
            numbers.add_row(*start, percent(of.zeros / each.values), *map(number, moments))
        elif each.text is not None:
            top = each.text.top[0]
            texts.add_row(*start, f"{each.text.distinct:,}", _short(top.name), percent(top.share))
        else:
            others.add_row(each.name, each.type, each.why_empty)
    yield from (grid for grid in (numbers, texts, others) if grid.row_count)
