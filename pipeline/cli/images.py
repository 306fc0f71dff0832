"""`millrace images`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

import click
from rich.progress import Progress

from components.progress import Value, set_sink
from pipeline.cli.console import console, quiet

_NAMED = 10
"""Files that were passed over and are named."""


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
    shares = _shares(splits)
    if bad_files > 1 and bad_files % 1:
        raise click.BadParameter(
            f"give a share below 1, or a whole number. Received: {bad_files}", param_hint="--bad-files"
        )
    with quiet() as output, Progress(console=console(output.stream), transient=True) as bar:
        # Only now: TensorFlow takes seconds.
        from components.images import pack as packing

        task = bar.add_task("packing", total=len(packing.image_files(folder)))

        def listen(fields: Mapping[str, Value]) -> None:
            bar.advance(task, float(fields["packed"]))

        set_sink(listen)
        try:
            packed = packing.pack(os.path.abspath(folder), os.path.abspath(out), shares, shards, bad_files)
        finally:
            set_sink(None)
    to = console()
    for name, reason in packed.unreadable:
        to.print(f"left out {name}: {reason}", soft_wrap=True)
    if packed.others:
        more = f" and {len(packed.others) - _NAMED} more" if len(packed.others) > _NAMED else ""
        to.print(
            f"passed over, no image of a class by its name: {', '.join(packed.others[:_NAMED])}{more}", soft_wrap=True
        )
    for split, count in packed.images.items():
        to.print(f"{count:,} images of {len(packed.classes)} classes in {os.path.join(out, split)}", soft_wrap=True)


def _shares(settings: Sequence[str]) -> dict[str, int]:
    shares: dict[str, int] = {}
    for setting in settings:
        name, _, share = setting.partition("=")
        if not re.fullmatch(r"\w[\w-]*", name) or not share.isdecimal() or not int(share):
            reason = "write NAME=SHARE, as in train=8; a name is letters, digits, _ and -"
        elif name in shares:
            reason = f"{name!r} stands there twice"
        else:
            shares[name] = int(share)
            continue
        raise click.BadParameter(f"{reason}. Received: {setting!r}", param_hint="--split")
    return shares
