"""What the engine is asked for; tests/acceptance/test_image.py has a real one."""

from __future__ import annotations

import pathlib
import tempfile

import pytest

from components.errors import CrashError, InputError
from pipeline.image import build, engine
from tests.pipeline.image import stand_in


@pytest.fixture
def bin_folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    folder = tmp_path / "bin"
    stand_in.install(folder)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # for the logs
    return folder


@pytest.fixture
def environment(bin_folder: pathlib.Path, tmp_path: pathlib.Path) -> dict[str, str]:
    return {"PATH": f"{bin_folder}:/usr/bin:/bin", "HOME": str(tmp_path)}


def after(words: list[str], flag: str) -> list[str]:
    return [words[i + 1] for i, word in enumerate(words) if word == flag]


def test_the_engine_builds_the_target_with_labels_and_what_was_added(
    bin_folder: pathlib.Path, environment: dict[str, str]
) -> None:
    steps: list[str] = []
    order = build.Order("docker", "gpu", "here/it:2", "debian:bookworm-slim", ("--network", "host"))
    log = build.build(order, environment, steps.append)
    (call,) = stand_in.calls(bin_folder)
    words = call["words"]
    assert words[0] == "build"
    assert call["buildkit"] == "1"
    assert after(words, "--target") == ["gpu"]
    assert after(words, "--tag") == ["here/it:2"]
    assert after(words, "--build-arg") == ["BASE=debian:bookworm-slim"]
    assert words[-3:-1] == ["--network", "host"]
    assert (pathlib.Path(words[-1]) / "requirements/Dockerfile").samefile(after(words, "--file")[0])
    labels = dict(label.split("=") for label in after(words, "--label"))
    assert labels["org.opencontainers.image.version"] == labels["org.millrace.version"] == "0.1.0"
    assert labels["org.millrace.tfx"] == "1.16.0"
    assert len(labels["org.millrace.sources"]) == 64
    assert steps == ["[builder 2/6] RUN apt-get", "STEP 3/9: COPY setup.py ./"]
    assert "Fetched" in pathlib.Path(log).read_text()


def test_registries_and_certificates_travel_as_secrets_and_proxies_by_name(
    bin_folder: pathlib.Path, environment: dict[str, str], tmp_path: pathlib.Path
) -> None:
    (tmp_path / ".config/pip").mkdir(parents=True)
    (tmp_path / ".config/pip/pip.conf").write_text("[global]\nindex-url = https://user:token@host/simple\n")
    (tmp_path / "ours.pem").write_text("PEM")
    network = {
        "UV_DEFAULT_INDEX": "https://a b/'simple'",
        "UV_PYTHON_INSTALL_MIRROR": "https://mirror/python",
        "UV_PYTHON_DOWNLOADS_JSON_URL": "https://mirror/downloads.json",
        "SSL_CERT_FILE": str(tmp_path / "ours.pem"),
        "PIP_CERT": "/nonexistent",
        "https_proxy": "http://user:word@proxy",
        "PATH_TO_ELSEWHERE": "x",
    }
    build.build(build.Order("podman", "cpu", "it"), {**environment, **network}, lambda line: None)
    (call,) = stand_in.calls(bin_folder)
    assert call["secrets"]["pip.conf"].endswith("token@host/simple\n")
    assert call["secrets"]["certificates"] == "PEM"
    assert call["secrets"]["network"].splitlines() == [
        "export UV_DEFAULT_INDEX='https://a b/'\"'\"'simple'\"'\"''",
        "export UV_PYTHON_INSTALL_MIRROR=https://mirror/python",
        "export UV_PYTHON_DOWNLOADS_JSON_URL=https://mirror/downloads.json",
    ]
    assert after(call["words"], "--build-arg") == ["https_proxy"]
    assert not [word for word in call["words"] if "token" in word or "word@" in word]


@pytest.mark.parametrize("name", engine.ENGINES)
def test_a_project_is_a_second_build_on_the_first(
    bin_folder: pathlib.Path, environment: dict[str, str], tmp_path: pathlib.Path, name: str
) -> None:
    project = tmp_path / "trips"
    project.mkdir()
    build.build_project(build.Order(name, "cpu", "trips:1"), project, environment, lambda line: None)
    first, second = stand_in.calls(bin_folder)
    assert after(first["words"], "--tag") == ["millrace:0.1.0-base"]
    assert after(second["words"], "--target") == ["project"]
    assert after(second["words"], "--build-arg") == ["IMAGE=millrace:0.1.0-base"]
    assert after(second["words"], "--tag") == ["trips:1"]
    assert second["words"][-1] == str(project)
    assert ".venv" in second["ignored"]
    assert bool(after(second["words"], "--ignorefile")) == (name == "podman")

    (project / ".dockerignore").write_text("secret\n")
    build.build_project(build.Order(name, "cpu", "trips:1"), project, environment, lambda line: None)
    assert stand_in.calls(bin_folder)[-1]["ignored"] is None


def test_what_becomes_of_a_projects_image_is_not_for_the_one_below(
    bin_folder: pathlib.Path, environment: dict[str, str], tmp_path: pathlib.Path
) -> None:
    how = ("--network", "host", "--add-host=a:1", "--no-cache")
    what = ("--push", "--output", "type=tar,dest=x", "--iidfile=id")
    order = build.Order("docker", "gpu", "trips:1", "debian:12", (*how[:2], *what, *how[2:]))
    (tmp_path / "trips").mkdir()
    build.build_project(order, tmp_path / "trips", environment, lambda line: None)
    first, second = (call["words"] for call in stand_in.calls(bin_folder))
    assert tuple(first[-5:-1]) == how
    assert not {*what} & {*first}
    assert after(first, "--build-arg") == ["BASE=debian:12"]
    assert tuple(second[-9:-1]) == order.arguments


@pytest.mark.parametrize("module", ["pipeline/__init__.py", "components.py"])
def test_a_project_that_would_hide_our_packages_is_refused(
    environment: dict[str, str], tmp_path: pathlib.Path, module: str
) -> None:
    (tmp_path / "mine" / module).parent.mkdir(parents=True)
    (tmp_path / "mine" / module).touch()
    with pytest.raises(InputError, match="has a module .* of its own.*rename it"):
        build.build_project(build.Order("docker", "cpu", "x"), tmp_path / "mine", environment, lambda line: None)
    with pytest.raises(InputError, match="no folder"):
        build.build_project(build.Order("docker", "cpu", "x"), tmp_path / "none", environment, lambda line: None)


def test_a_failed_build_says_how_it_ended_and_where_all_of_it_is(environment: dict[str, str]) -> None:
    with pytest.raises(CrashError, match="exit code 1") as caught:
        build.build(build.Order("docker", "cpu", "x", arguments=("--fail",)), environment, lambda line: None)
    assert "boom" in str(caught.value)
    log = next(word for word in str(caught.value).split() if word.endswith(".log:"))
    assert "boom" in pathlib.Path(log[:-1]).read_text()


def test_a_docker_without_buildx_is_told_what_to_install(bin_folder: pathlib.Path, environment: dict[str, str]) -> None:
    # What docker's client 28.2.2 prints.
    (bin_folder / "docker").write_text(
        "#!/bin/sh\n"
        "echo 'ERROR: BuildKit is enabled but the buildx component is missing or broken.' >&2\n"
        "echo '       Install the buildx component to build images with BuildKit:' >&2\n"
        "echo '       https://docs.docker.com/go/buildx/' >&2\n"
        "exit 1\n"
    )
    with pytest.raises(InputError, match="sudo apt-get install docker-buildx .* or docker-buildx-plugin"):
        build.build(build.Order("docker", "cpu", "x"), environment, lambda line: None)


def test_engines_are_found_and_must_answer(bin_folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert engine.find(None) == "docker"
    assert engine.find("podman") == "podman"
    (bin_folder / "docker").write_text("#!/bin/sh\necho Cannot connect to the Docker daemon >&2\nexit 1\n")
    with pytest.raises(InputError, match="does not answer: Cannot connect.*\n.*systemctl start docker"):
        engine.find(None)
    (bin_folder / "docker").write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(engine, "_SECONDS", 0.3)
    with pytest.raises(InputError, match=r"docker is installed, but has not answered `docker version` for 0\.3 s"):
        engine.find(None)
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(InputError, match="no docker or podman in PATH"):
        engine.find(None)
    with pytest.raises(InputError, match="no podman in PATH"):
        engine.find("podman")


def test_the_digest_of_the_sources_is_that_of_the_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setattr(build, "_CHECKOUT", tmp_path)
    for file in ("requirements/runtime.lock", "pipeline/a.py", "components/b.css", "pipeline/__pycache__/a.pyc"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("1")
    before = build.sources()
    (tmp_path / "pipeline/__pycache__/a.pyc").write_text("2")
    assert build.sources() == before
    (tmp_path / "components/b.css").rename(tmp_path / "components/c.css")
    assert build.sources() != before
