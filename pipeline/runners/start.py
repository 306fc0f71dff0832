"""The first task of a run on a cluster: it checks what can be checked, plans the run, and ingests earlier spans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.errors import CrashError, InputError
from pipeline.config.embedded import Embedded, versions
from pipeline.config.load import override
from pipeline.runners import engine as engines
from pipeline.runners import unreachable
from pipeline.runners.events import Listener
from pipeline.runners.task import Place


def start(place: Place, given: Embedded, settings: Sequence[str], listen: Listener) -> None:
    """Leave the plan and the record of the run, or of the next attempt at it, under the root.

    Args:
        settings: FIELD=VALUE of the run's parameters.

    Raises:
        MillraceError: the run cannot be started, or an earlier span not be ingested.
    """
    _check_versions(given.versions)
    config = override(given.config, settings).model_copy(update={"root": place.root})
    with engines.opened(config, listen) as engine:
        from pipeline.runners import prepare

        try:
            prepare.run(engine, place, config, given.upstream)
        except Exception as error:
            if unreachable.is_of_store(error):  # it was there when `prepare` looked
                raise CrashError(unreachable.told(place.root, error)) from error
            raise


def _check_versions(compiled_with: Mapping[str, str]) -> None:
    here = versions()
    found = {name: here.get(name) for name in compiled_with}
    if found != compiled_with:
        differing = [
            f"{name} {each} (here {found[name]})" for name, each in compiled_with.items() if each != found[name]
        ]
        raise InputError(
            f"this pipeline was compiled with {', '.join(differing)}: compile it with the version that is in the "
            "image, or build the image anew"
        )
