"""A KFP of its own for each test, which has seen nothing that the published API does not have."""

from __future__ import annotations

import dataclasses
import pathlib
import signal
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from kfp.client.client import Client

from pipeline.cli import main
from tests.pipeline.submission import compiled
from tests.pipeline.submission.kfp_server import Backend, serve


@dataclasses.dataclass(frozen=True)
class Answer:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


def only(things: Mapping[str, Any]) -> Any:
    """The one thing that there is, by whatever id."""
    (thing,) = things.values()
    return thing


@dataclasses.dataclass(frozen=True)
class Cluster:
    """A KFP, its address, a compiled file, and the command."""

    backend: Backend
    host: str
    file: pathlib.Path
    capture: pytest.CaptureFixture[str]

    @property
    def parameters(self) -> list[dict[str, Any]]:
        """What each run was given, in the order of their making."""
        return [run["runtime_config"].get("parameters", {}) for run in self.backend.runs.values()]

    def submit(self, *arguments: object, file: pathlib.Path | None = None, host: str | None = None) -> Answer:
        """`millrace submit` of the file."""
        given = ("--file", file or self.file, "--host", host or self.host, "--every", 0.1, "--no-image-check")
        code = main.main(["submit", *map(str, (*given, *arguments))])
        out, err = self.capture.readouterr()
        assert "Traceback" not in out + err
        return Answer(code, out, err)


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The command takes SIGTERM for Ctrl-C."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """Nothing of whoever runs the tests counts: neither kfp's settings nor tokens."""
    monkeypatch.setattr(Client, "_LOCAL_KFP_CONTEXT", str(tmp_path / "home/.config/kfp/context.json"))
    for name in ("MILLRACE_TOKEN", "KF_PIPELINES_SA_TOKEN_PATH", "KF_PIPELINES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
def cluster(
    backend: Backend, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], _nobody: None
) -> Iterator[Cluster]:
    with serve(backend) as host:
        yield Cluster(backend, host, compiled.write(tmp_path), capsys)
    assert not backend.violations
