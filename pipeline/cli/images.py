"""`millrace images`."""

from __future__ import annotations

import os
from collections.abc import Mapping

import click
from rich.progress import Progress

from components.progress import Value, set_sink
from pipeline.cli.console import console, quiet
from pipeline.config.config import Beam


@click.group()
def images() -> None:
    """Turn folders of image files into TFRecord files."""


@images.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False))
@click.argument("out", metavar="OUT", type=click.Path())
@click.option("--split", "splits", metavar="NAME=SHARE", multiple=True, help="Such as train=8; a folder of OUT each.")
@click.option("--shards", default=1, show_default=True, type=click.IntRange(min=1), help="Files, of each split.")
@click.option(
    "--bad-files",
    default=0.0,
    show_default=True,
    type=click.FloatRange(min=0),
    help="Unreadable files that are left out and listed; below 1 it is a share. More end it.",
)
def pack(folder: str, out: str, splits: tuple[str, ...], shards: int, bad_files: float) -> None:
    """Pack the images in DIR's folders, one for each class, into TFRecord files of tf.Example in OUT.

    Keys are those of the field: image/encoded, image/format, image/filename, image/class/label, image/class/text.
    """
    shares = dict(map(_share, splits))
    with quiet() as output, Progress(console=console(output.stream), transient=True) as bar:
        # Only now: Beam and TensorFlow take seconds.
        from components.images import pack as packing
        from pipeline.runners.executor import beam_args

        task = bar.add_task("packing", total=len(packing.image_files(folder)))

        def listen(fields: Mapping[str, Value]) -> None:
            bar.advance(task, float(fields["packed"]))

        set_sink(listen)
        try:
            packed = packing.pack(
                os.path.abspath(folder), os.path.abspath(out), shares, shards, bad_files, beam_args(Beam())
            )
        finally:
            set_sink(None)
    to = console()
    for name, reason in packed.unreadable:
        to.print(f"left out {name}: {reason}", soft_wrap=True)
    for split, count in packed.images.items():
        to.print(f"{count:,} images of {len(packed.classes)} classes in {os.path.join(out, split)}", soft_wrap=True)


def _share(setting: str) -> tuple[str, int]:
    name, _, share = setting.partition("=")
    if not name or not share.isdecimal() or not int(share):
        raise click.BadParameter(f"write NAME=SHARE, as in train=8. Received: {setting!r}", param_hint="--split")
    return name, int(share)
