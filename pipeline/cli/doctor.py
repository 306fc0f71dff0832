"""`millrace doctor`."""

from __future__ import annotations

import click

from components.errors import ExitCode
from pipeline.cli.console import console, table
from pipeline.cli.options import check_texts
from pipeline.doctor import check


@click.command()
@click.option(
    "--root",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Where runs are to be kept; `runs` in the checkout where not given.",
)
def doctor(root: str | None) -> int:
    """Check this machine: versions, Python, glibc, disk, memory, GPU. Ends with 2 if something must be changed."""
    check_texts(click.get_current_context())
    findings = check(root) if root else check()
    listing = table("", "what", "found", "to do")
    for finding in findings:
        listing.add_row(finding.status, finding.name, finding.what, finding.advice)
    console().print(listing)
    return ExitCode.INPUT if any(finding.status == "fail" for finding in findings) else ExitCode.OK
