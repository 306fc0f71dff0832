"""Whether the images of a compiled file have the versions that compiled it, before anything runs in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.errors import InputError
from pipeline.image import engine
from pipeline.image.build import LABEL, sources
from pipeline.submission import registry
from pipeline.submission.package import Package

_VERSIONS = {"millrace": "version", "tfx": "tfx"}
"""The label of each distribution's version."""
_LATER = "the run's first task compares the versions"


def check(package: Package, seconds: float = registry.WHOLE) -> Iterator[str]:
    """What could not be compared or is only odd, a line for each image. Each is asked for within so many seconds.

    Raises:
        InputError: an image has other versions.
    """
    for image in package.images:
        reference = registry.parse(image)
        try:
            # A name without a registry is that of an image which was loaded into the cluster from a machine.
            labels = (
                registry.labels(reference, min(seconds, registry.WHOLE)) if reference.registry else engine.labels(image)
            )
        except registry.UnreadableError as error:
            yield f"image {image} could not be looked at: {error}; {_LATER}"
            continue
        if labels is None:
            yield f"image {image} names no registry that could tell its version, and is not here: {_LATER}"
        else:
            yield from _compared(image, labels, package.versions)


def _compared(image: str, labels: Mapping[str, str], compiled_with: Mapping[str, str]) -> Iterator[str]:
    for name, label in _VERSIONS.items():
        found, wanted = labels.get(LABEL + label), compiled_with[name]
        if found is None:
            yield f"image {image} has no label {LABEL}{label}, which `millrace image build` gives it: {_LATER}"
            return
        if found != wanted:
            raise InputError(
                f"image {image} has {name} {found}, and the pipeline was compiled with {name} {wanted}: build and push "
                "the image again (millrace image build), or compile with the version of the image. --no-image-check "
                "leaves it to the run's first task"
            )
    here = _sources()
    if here and labels.get(f"{LABEL}sources", here) != here:
        yield f"image {image} was built from other code than there is here: its own is what runs"


def _sources() -> str | None:
    """The digest of the code here; None where this is no checkout."""
    try:
        return sources()
    except OSError:
        return None
