"""`millrace doctor`."""

from __future__ import annotations

import click

from components.errors import ExitCode
from pipeline.cli.console import console, table


@click.command()
def doctor() -> int:
    """Check this machine: versions, Python, glibc, disk, memory, GPU. Ends with 2 if something must be changed."""
    from pipeline.doctor import check

    findings = check()
    listing = table("", "check", "found")
    for finding in findings:
        listing.add_row(finding.state, finding.name, finding.text)
    console().print(listing)
    return ExitCode.INPUT if any(finding.state == "bad" for finding in findings) else ExitCode.OK
