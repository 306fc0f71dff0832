"""Whether the images of a compiled file have the version that compiled it, before anything runs in them."""

from __future__ import annotations

from collections.abc import Iterator

from components.errors import InputError
from pipeline.submission import registry
from pipeline.submission.package import Package

VERSION = "org.millrace.version"
"""The label that `millrace image build` gives an image."""
_LATER = "the run's first task compares the versions"


def check(package: Package) -> Iterator[str]:
    """What could not be compared, and why, a line for each image.

    Raises:
        InputError: an image has another version.
    """
    compiled_with = package.versions["millrace"]
    for image in package.images:
        reference = registry.parse(image)
        if not reference.registry:
            yield f"image {image} names no registry that could tell its version: {_LATER}"
            continue
        try:
            found = registry.labels(reference).get(VERSION)
        except registry.UnreadableError as error:
            yield f"image {image} could not be looked at: {error}; {_LATER}"
            continue
        if found is None:
            yield f"image {image} has no label {VERSION}, which `millrace image build` gives it: {_LATER}"
        elif found != compiled_with:
            raise InputError(
                f"image {image} has Millrace {found}, and the pipeline was compiled with {compiled_with}: build and "
                "push the image of this version (millrace image build), or compile with the version of the image. "
                "--no-image-check leaves it to the run's first task"
            )
