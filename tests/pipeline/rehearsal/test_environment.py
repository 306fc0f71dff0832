"""The variables of a container."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from components.errors import InputError
from pipeline.rehearsal.environment import environment
from pipeline.rehearsal.reading import Step, read_file
from tests.pipeline.rehearsal.documents import documents, task, write

STORE = {"name": "STORE", "value": "mysql://there"}
POD = {
    "secretAsEnv": [{"secretName": "db", "keyToEnv": [{"secretKey": "password", "envVar": "REHEARSED_PASSWORD"}]}],
    "configMapAsEnv": [
        {
            "configMapNameParameter": {"runtimeValue": {"constant": "zone"}},
            "keyToEnv": [{"configMapKey": "name", "envVar": "REHEARSED_ZONE"}],
        }
    ],
}


def step(folder: pathlib.Path, env: list[dict[str, Any]], pod: dict[str, Any]) -> Step:
    return read_file(write(folder, *documents({"one": task("true", env=env, pod=pod)}))).steps["one"]


def test_secrets_are_this_process_own(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSED_PASSWORD", "geheim")
    monkeypatch.setenv("REHEARSED_ZONE", "b")
    found = environment(step(tmp_path, [STORE], POD), {})
    assert found == {"STORE": "mysql://there", "REHEARSED_PASSWORD": "geheim", "REHEARSED_ZONE": "b"}


def test_a_missing_one_is_named(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSED_PASSWORD", "geheim")
    with pytest.raises(InputError, match="task one gets the variable REHEARSED_ZONE from the ConfigMap zone: set"):
        environment(step(tmp_path, [], POD), {})


def test_the_rehearsal_replaces_or_takes_away_what_is_there(tmp_path: pathlib.Path) -> None:
    replaced = {"STORE": "sqlite:here", "REHEARSED_PASSWORD": None, "REHEARSED_ZONE": "c", "OTHER": "not declared"}
    assert environment(step(tmp_path, [STORE], POD), replaced) == {"STORE": "sqlite:here", "REHEARSED_ZONE": "c"}


def test_a_variable_is_set_once(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="the variable STORE is set twice"):
        environment(step(tmp_path, [STORE, STORE], {}), {})
    with pytest.raises(InputError, match=r"does not understand \$\( and"):
        environment(step(tmp_path, [{"name": "A", "value": "$(B)"}], {}), {})
