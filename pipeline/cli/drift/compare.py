"""`millrace drift BASELINE CURRENT`."""

from __future__ import annotations

from typing import Any, get_args

import click

from pipeline.cli.console import console, quiet
from pipeline.cli.drift.asked import Asked
from pipeline.prediction.formats import InputFormat


def _refuse(context: click.Context, argument: click.Parameter, paths: tuple[str, ...]) -> None:
    """Files too many would be other sides than those that were meant, and compared without a word."""
    del context, argument
    if paths:
        rest = f" and {len(paths) - 1} more" if paths[1:] else ""
        raise click.UsageError(
            f"expected two paths, BASELINE and CURRENT, but {paths[0]}{rest} came behind them. Where the shell has "
            "written out a pattern, quote the pattern, as in 'span-1/*.csv'; --earlier takes what was there before"
        )


@click.command(epilog="`millrace drift suggest` makes thresholds from what was usual so far.")
@click.argument("baseline")
@click.argument("current")
@click.argument("more", nargs=-1, metavar="", callback=_refuse, expose_value=False)
@click.option("--earlier", metavar="PATH", multiple=True, help="What was there before, oldest first, for the trend.")
@click.option("--schema", metavar="FILE", type=click.Path(dir_okay=False), help="Whose comparators are the thresholds.")
@click.option("--environment", metavar="NAME", help="The schema's, for anomalies of the current data, such as SERVING.")
@click.option("--skew", is_flag=True, help="Take the schema's skew comparators, not those of drift.")
@click.option("--out", metavar="DIR", help="The folder for drift.html, drift.json, junit.xml and drift.png.")
@click.option("--facets", is_flag=True, help="TFDV's own page, too: it needs a network when it is opened.")
@click.option("--label", metavar="COLUMN", multiple=True, help="A column that is the label: its drift stands first.")
@click.option("--prediction", metavar="COLUMN", multiple=True, help="A column of predictions: its drift stands first.")
@click.option("--slice", "slices", metavar="COLUMN", multiple=True, help="Compare the rows of each of its values, too.")
@click.option("--key", metavar="COLUMN", multiple=True, help="Compare rows with the same key one by one, too.")
@click.option("--rows", is_flag=True, help="Show some of the rows that differ or break the schema.")
@click.option("--delimiter", default=",", show_default=True, help="Of CSV files.")
@click.option("--format", type=click.Choice(get_args(InputFormat)), help="Of the files; not given: by their names.")
@click.option(
    "--image", "images", metavar="COLUMN", multiple=True, help="A column of encoded images, in TFRecord files."
)
def compare(**typed: Any) -> int:
    """Compare two data sets, each a file of TFDV's statistics or files of data.

    Both are statistics (.pb, .pbtxt, or a split's folder with FeatureStats.pb) or a file or pattern (in quotes) of
    CSV, TFRecord, JSON Lines or Parquet. Exit codes: 0 no drift, 1 drift, 2 bad input, 4 nothing comparable.
    `millrace drift --watch CONFIG` compares the spans of a pipeline as they arrive instead.
    """
    asked = Asked(**typed)
    asked.check()
    with quiet() as output:
        # Only now: TFDV takes seconds, and it writes to the terminal.
        from components.drift import files
        from pipeline.cli.drift import printed
        from pipeline.drift import sides

        found = sides.compare(asked.baseline, asked.current, asked.reading, asked.wanted)
        # Before anything is printed: whoever reads only the first lines wants the files, too.
        written = files.write(found.report, asked.out) if asked.out else []
        if asked.out and asked.facets:
            written.append(files.write_facets(found.report, found.baseline, found.current, asked.out))
        to = console(output.stream)
        for line in printed.lines(found.report):
            to.print(line, soft_wrap=True)
        to.print(found.report.verdict, style="bold", soft_wrap=True)
        for path in written:
            to.print(path, soft_wrap=True)
        return found.report.exit_code
