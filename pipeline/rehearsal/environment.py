"""The variables that a container is given (driver.go, initPodSpecPatch and extendPodSpecPatch)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Union

from components.errors import InputError
from pipeline.rehearsal.reading import Step

Replaced = Mapping[str, Union[str, None]]
"""Variables that are others in a rehearsal than on the cluster; None takes one away."""


def environment(step: Step, replaced: Replaced) -> dict[str, str]:
    """All variables of a step's container. Those of Secrets and ConfigMaps are taken from this process' own.

    Raises:
        InputError: one is set twice, or this process does not have it.
    """
    variables: dict[str, str] = {}
    for name, value in (*_plain(step), *_from_cluster(step, replaced)):
        if name in variables:
            raise InputError(f"task {step.name}: the variable {name} is set twice")
        variables[name] = value
    settled = {name: replaced.get(name, value) for name, value in variables.items()}
    return {name: value for name, value in settled.items() if value is not None}


def _plain(step: Step) -> Iterator[tuple[str, str]]:
    for variable in step.container.env:
        if "$(" in variable.value or "$$" in variable.value:
            raise InputError(
                f"task {step.name}: the rehearsal does not understand $( and $$ in variables: "
                f"{variable.name}={variable.value!r}"
            )
        yield variable.name, variable.value


def _from_cluster(step: Step, replaced: Replaced) -> Iterator[tuple[str, str]]:
    sources = [(f"the Secret {each.name}", key.env_var) for each in step.pod.secret_as_env for key in each.key_to_env]
    sources += [
        (f"the ConfigMap {each.name}", key.env_var) for each in step.pod.config_map_as_env for key in each.key_to_env
    ]
    for source, name in sources:
        if name in os.environ or name in replaced:
            yield name, os.environ.get(name, "")
        else:
            raise InputError(
                f"task {step.name} gets the variable {name} from {source}: set {name} here, for the rehearsal to take"
            )
