"""`millrace image build`: what it prints, and its exit codes. A script stands in for the engine."""

from __future__ import annotations

import pathlib
import tempfile

import pytest

from components.errors import ExitCode
from pipeline.cli.main import main
from tests.pipeline.image import stand_in


@pytest.fixture
def engine(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    folder = tmp_path / "bin"
    stand_in.install(folder)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # for the logs
    return folder


def test_it_names_the_image_its_size_and_what_comes_next(
    engine: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["image", "build", "--", "--no-cache"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "[builder 2/6] RUN apt-get\n" in out
    assert "built millrace:0.1.0: 3.28 GB in " in out
    assert "next: docker push millrace:0.1.0" in out
    assert out.endswith('kubeflow=c.Kubeflow(image="millrace:0.1.0")\n')
    assert [call["words"][0] for call in stand_in.calls(engine)] == ["version", "build", "image"]
    assert "--no-cache" in stand_in.calls(engine)[1]["words"]


def test_it_pushes_where_asked(engine: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["image", "build", "--target", "gpu", "--tag", "r/m:1", "--engine", "podman", "--push"]) == ExitCode.OK
    assert stand_in.calls(engine)[-1]["words"] == ["push", "r/m:1"]
    assert "pushed r/m:1\n" in capsys.readouterr().out


def test_a_project_is_named_by_its_tag(
    engine: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["image", "build", "--project", str(tmp_path)]) == ExitCode.INPUT
    assert "--tag" in capsys.readouterr().err
    assert main(["image", "build", "--project", str(tmp_path), "--tag", "trips:1"]) == ExitCode.OK
    assert "built trips:1" in capsys.readouterr().out


def test_an_image_that_the_build_wrote_elsewhere_is_none_of_the_engines(
    engine: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["image", "build", "--", "--output", "type=tar,dest=it.tar"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "built millrace:0.1.0: not here in " in out
    assert "next: " not in out


def test_a_failed_build_is_a_crash_that_names_its_log(engine: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["image", "build", "--", "--fail"]) == ExitCode.CRASH
    err = capsys.readouterr().err
    assert "`docker build` failed with exit code 1" in err
    assert "boom" in err


@pytest.mark.parametrize("option", ["--project", "--tag", "--base"])
def test_a_variable_of_the_shell_that_is_not_set_builds_nothing(
    engine: pathlib.Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["image", "build", "--push", option, ""]) == ExitCode.INPUT
    assert f"{option} is empty: is a variable of the shell not set?" in capsys.readouterr().err
    assert not (engine / "calls").exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--tag", "UPPER/x:1"),
        ("--tag", "a b"),
        ("--tag", "x@sha256:" + 64 * "0"),
        ("--base", "no such base"),
        ("--base", "Debian:12"),
    ],
)
def test_a_name_that_no_image_can_have_is_refused_before_the_engine_begins(
    engine: pathlib.Path, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["image", "build", option, value]) == ExitCode.INPUT
    assert f"{option} must be an image, like registry/name:tag, its name in lower case. Received: {value!r}" in (
        " ".join(capsys.readouterr().err.split())
    )
    assert not (engine / "calls").exists()


def test_a_base_may_be_named_by_its_digest(engine: pathlib.Path) -> None:
    base = "Registry.example:5000/debian@sha256:" + 64 * "0"
    assert main(["image", "build", "--base", base]) == ExitCode.OK
    assert f"BASE={base}" in stand_in.calls(engine)[1]["words"]
