"""`millrace drift suggest`."""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING

import click

from pipeline.cli.console import console, quiet
from pipeline.cli.options import at_root
from pipeline.config.load import load, names
from pipeline.statistics import preflight

if TYPE_CHECKING:
    from pipeline.statistics.sources import Reading


@click.command()
@click.argument("spans", metavar="CONFIG | STATISTICS...", nargs=-1, required=True)
@click.option("--schema", metavar="FILE", type=click.Path(dir_okay=False), help="To patch; not given: the config's.")
@click.option("--write", is_flag=True, help="Change the schema's file; comments and order stay.")
@click.option("--root", metavar="DIR", type=click.Path(file_okay=False), help="The root that the runs were given.")
@click.option("--delimiter", default=",", show_default=True, help="Of CSV files.")
def suggest(spans: tuple[str, ...], schema: str | None, write: bool, root: str | None, delimiter: str) -> None:
    """Suggest thresholds of drift from what was usual from span to span, as a patch of the schema.

    The spans are those that runs of CONFIG have counted and no gate has stopped, or the STATISTICS or files of data
    named, oldest first: three at least, or the exit code is 3. A threshold is the bound of a prediction interval for
    the next step, chosen so that one report in twenty is a false alarm.
    """
    for each in () if _is_config(spans) else spans:
        preflight.check_path(each, None)
    with quiet() as output:
        # Only now: TFDV takes seconds, and it writes to the terminal.
        from pipeline.drift import suggesting
        from pipeline.schema import files

        config = at_root(load(spans[0]), root) if _is_config(spans) else None
        path = schema or (files.path_of(config) if config else None)
        if path is None:
            raise click.UsageError("name the schema to patch with --schema")
        known = files.curated(config) if config and not schema else files.load(path)
        past = suggesting.of_config(config) if config else suggesting.of_paths(spans, _reading(delimiter))
        to = console(output.stream)
        if past.refused:
            # Before all that may find too few of the others.
            to.print(f"# left out, as a gate stopped them: {', '.join(f'span {each}' for each in past.refused)}")
        patch = suggesting.patched(known, past.history)
        before, after = (files.change if write else files.changed)(path, patch.schema)
        labels = [label for label, _ in past.history]
        to.print(f"# from {len(labels) - 1} steps between {', '.join(labels)}", soft_wrap=True)
        if patch.missing:
            to.print(f"# not in the schema: {', '.join(patch.missing)}", soft_wrap=True)
        for each in patch.unbounded:
            to.print(f"# no threshold for {each}: it has moved so far that none could be exceeded", soft_wrap=True)
        lines = difflib.unified_diff(before.splitlines(), after.splitlines(), path, path, lineterm="")
        for line in list(lines) or [f"# {path} says so already"]:
            to.print(line, soft_wrap=True)


def _is_config(spans: tuple[str, ...]) -> bool:
    return len(spans) == 1 and (spans[0] in names() or spans[0].endswith(".py") or not os.path.exists(spans[0]))


def _reading(delimiter: str) -> Reading:
    from pipeline.beam import here
    from pipeline.statistics.sources import Reading

    return Reading(delimiter, beam_args=here())
