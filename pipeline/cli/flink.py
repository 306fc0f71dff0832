"""`millrace flink`: a Flink cluster of this machine's processes, to try and to test with."""

from __future__ import annotations

import os
import pathlib
import shutil
from collections.abc import Callable
from typing import TypeVar

import click

from components.errors import ExitCode
from pipeline.cli.console import console, table
from pipeline.flink import cluster as clusters
from pipeline.flink import packages, record
from pipeline.flink.cluster import USUAL, Asked
from pipeline.flink.record import Cluster
from pipeline.flink.rest import JobManager, Unreachable, runs

folder_option = click.option(
    "--dir",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=pathlib.Path),
    default=record.usual_folder,
    show_default="~/.cache/millrace/flink/cluster",
    help="Where its logs and settings are; each folder is a cluster.",
)
Command = TypeVar("Command", bound=Callable[..., object])
_LINES = """beam=c.Beam(
    runner="flink",
    flink=c.Flink(
        master="{cluster.master}", parallelism={slots}, worker_address="{cluster.workers}",
        jar="{cluster.server}",
        sha256="{sha256}",
    ),
)"""
"""What a config needs."""


def _asked(name: str, kind: click.IntRange, what: str) -> Callable[[Command], Command]:
    """A flag that a cluster which is up needs no more."""
    flag = f"--{name.replace('_', '-')}"
    return click.option(flag, type=kind, show_default=f"{USUAL[name]}, or as it is up", help=what)


@click.group()
def flink() -> None:
    """A Flink cluster of this machine's processes, to try and to test with."""


@flink.command()
@folder_option
@_asked("taskmanagers", click.IntRange(min=1), "How many.")
@_asked("slots", click.IntRange(min=1), "Of each TaskManager.")
@_asked("port", click.IntRange(0, 65535), "Of Flink; 0: a free one.")
@_asked("worker_port", click.IntRange(0, 65535), "Of the Python workers; 0: a free one.")
def up(folder: pathlib.Path, **asked: int | None) -> None:
    """Bring it up, or bring back what is missing of it. The first time its packages are fetched."""
    screen = console()
    made = clusters.up(folder.resolve(), packages.fetched(screen.print), Asked(**asked), screen.print)
    slots = made.taskmanagers * made.slots
    screen.print(f"up, with {slots} slots: http://{made.master}, logs in {made.folder}\n")
    sha256 = packages.sha256_of(made.server)
    screen.print(_LINES.format(cluster=made, slots=slots, sha256=sha256), soft_wrap=True)


@flink.command()
@folder_option
def status(folder: pathlib.Path) -> int:
    """Its processes, slots and running jobs. Ends with 2 where it is not up."""
    found = record.load(folder.resolve())
    screen = console()
    if found is None:
        screen.print("not up")
        return ExitCode.INPUT
    listing = table("process", "pid", "memory", right=("pid", "memory"))
    for member in found.members:
        process = member.process
        memory = f"{process.memory_info().rss >> 20} MB" if process else "gone"
        listing.add_row(member.name, str(member.pid), memory)
    screen.print(listing)
    return _print_flink(found)


def _print_flink(found: Cluster) -> int:
    screen, flink = console(), JobManager(found.master)
    try:
        overview, jobs = flink.overview(), flink.jobs()
    except Unreachable as error:
        screen.print(f"Flink does not answer: {error}")
        return ExitCode.INPUT
    free, total = overview["slots-available"], overview["slots-total"]
    screen.print(f"Flink {overview['flink-version']} at {flink.url}: {free} of {total} slots free")
    for job in jobs:
        if runs(job):
            screen.print(f"{job['state'].lower()}: {job['name']}")
    return ExitCode.OK if len(found.alive) == len(found.members) else ExitCode.INPUT


@flink.command()
@click.argument("out", metavar="DIR", type=click.Path(file_okay=False, path_type=pathlib.Path))
def jars(out: pathlib.Path) -> None:
    """Write Beam's two jars into DIR, for a cluster elsewhere: its job server, and what Flink's lib folder needs."""
    found = packages.fetched(console().print)
    out.mkdir(parents=True, exist_ok=True)
    out.chmod(0o775)  # the pods of steps and of the job server, of several users and one group, write there, too
    for jar in (found.server, found.lib / packages.LIB):
        # By one rename: a cluster that is up has the old one open.
        shutil.copyfile(jar, out / f"{jar.name}.part")
        os.replace(out / f"{jar.name}.part", out / jar.name)
        console().print(str(out / jar.name), soft_wrap=True)


@flink.command()
@folder_option
def down(folder: pathlib.Path) -> None:
    """Take it down. Its logs stay."""
    console().print("down" if clusters.down(folder.resolve(), console().print) else "it was not up")
