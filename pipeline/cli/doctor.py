"""`millrace doctor`."""

from __future__ import annotations

import click

from components.errors import ExitCode
from pipeline.cli.console import console, table
from pipeline.doctor import check


@click.command()
def doctor() -> int:
    """Check this machine: versions, Python, glibc, disk, memory, GPU. Ends with 2 if something must be changed."""
    findings = check()
    listing = table("", "what", "found", "to do")
    for finding in findings:
        listing.add_row(finding.status, finding.name, finding.what, finding.advice)
    console().print(listing)
    return ExitCode.INPUT if any(finding.status == "fail" for finding in findings) else ExitCode.OK
