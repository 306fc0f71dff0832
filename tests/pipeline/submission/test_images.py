"""What a registry tells of an image is compared with the compiled file; what it does not tell is said."""

from __future__ import annotations

import base64
import json
import pathlib
from collections.abc import Iterator

import pytest

from components.errors import InputError
from pipeline.image import build
from pipeline.submission import images, registry
from pipeline.submission.package import read
from tests.pipeline.submission import compiled, registry_server
from tests.pipeline.submission.registry_server import DOCKER, MANIFEST, Registry

OURS = dict(label.split("=", 1) for label in build._labels())
"""What our own builds give an image."""
OLD = {**OURS, f"{build.LABEL}version": "0.0.9"}


@pytest.fixture
def store() -> Registry:
    return Registry()


@pytest.fixture
def address(store: Registry) -> Iterator[str]:
    with registry_server.serve(store) as place:
        yield place


@pytest.fixture(autouse=True)
def logins(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Docker's file of logins, empty."""
    file = tmp_path / "docker.json"
    monkeypatch.setattr(registry, "_LOGINS", str(file))
    return file


@pytest.fixture(autouse=True)
def engine(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A script that stands in for docker: it has one image, whose labels are in the file beside it."""
    file = tmp_path / "bin/docker"
    file.parent.mkdir()
    file.write_text(
        '#!/bin/sh\n[ "$5" = millrace:0.1.0 ] && [ "$*" = "image inspect --format $4 $5" ] && cat "$0.json"\n'
    )
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{file.parent}:/usr/bin:/bin")
    return file


def _checked(folder: pathlib.Path, image: str) -> list[str]:
    return list(images.check(read(str(compiled.write(folder, image=image)), ["taxi"])))


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("millrace:0.1.0", ("", "millrace", "0.1.0")),
        ("team/millrace", ("registry-1.docker.io", "team/millrace", "latest")),
        ("ghcr.io/team/deep/millrace:1", ("ghcr.io", "team/deep/millrace", "1")),
        ("docker.io/team/millrace:1", ("registry-1.docker.io", "team/millrace", "1")),
        ("index.docker.io/millrace:1", ("registry-1.docker.io", "library/millrace", "1")),
        ("localhost/millrace", ("localhost", "millrace", "latest")),
        ("here:5000/millrace:1@sha256:ab", ("here:5000", "millrace", "sha256:ab")),
    ],
)
def test_names_of_images(image: str, parts: tuple[str, str, str]) -> None:
    assert registry.parse(image) == registry.Reference(*parts)


@pytest.mark.parametrize("kind", [MANIFEST, DOCKER])
def test_an_image_of_this_version(store: Registry, address: str, tmp_path: pathlib.Path, kind: str) -> None:
    store.push("team/millrace:1", OURS, kind)
    assert _checked(tmp_path, f"{address}/team/millrace:1") == []


def test_an_image_of_another_version_is_refused(store: Registry, address: str, tmp_path: pathlib.Path) -> None:
    store.push("team/millrace:1", OLD)
    with pytest.raises(InputError, match=r"has millrace 0\.0\.9, and .*--no-image-check"):
        _checked(tmp_path, f"{address}/team/millrace:1")


def test_an_image_of_other_code_is_told(store: Registry, address: str, tmp_path: pathlib.Path) -> None:
    store.push("team/millrace:1", {**OURS, f"{build.LABEL}sources": "0" * 64})
    (said,) = _checked(tmp_path, f"{address}/team/millrace:1")
    assert "was built from other code than there is here" in said


def test_of_several_platforms_ours_counts(store: Registry, address: str, tmp_path: pathlib.Path) -> None:
    store.push_index("team/millrace:1", {"arm64": OLD, "amd64": OURS})
    assert _checked(tmp_path, f"{address}/team/millrace:1") == []


def test_a_registry_that_gives_tokens(store: Registry, address: str, tmp_path: pathlib.Path) -> None:
    store.auth = "token"
    store.push("team/millrace:1", OURS)
    assert _checked(tmp_path, f"{address}/team/millrace:1") == []
    assert [path for path, given in store.seen if path.startswith("/storage/") and given] == []


@pytest.mark.parametrize("auth", ["token", "basic"])
def test_a_registry_that_wants_a_login(
    store: Registry, address: str, tmp_path: pathlib.Path, logins: pathlib.Path, auth: str
) -> None:
    store.auth, store.login = auth, "me:s3cret"
    store.push("team/millrace:1", OURS)
    (said,) = _checked(tmp_path, f"{address}/team/millrace:1")
    assert f"{address} answered 401 (who asks is not known: docker login); the run's first task compares" in said
    logins.write_text(json.dumps({"auths": {address: {"auth": base64.b64encode(b"me:s3cret").decode()}}}))
    assert _checked(tmp_path, f"{address}/team/millrace:1") == []


def test_a_password_is_not_sent_in_the_clear(
    store: Registry, address: str, tmp_path: pathlib.Path, logins: pathlib.Path
) -> None:
    store.auth, store.realm = "token", "http://registry.example.com/token"
    logins.write_text(json.dumps({"auths": {address: {"auth": "bWU6czNjcmV0"}}}))
    (said,) = _checked(tmp_path, f"{address}/team/millrace:1")
    assert "wants the password of `docker login` at http://registry.example.com/token, in the clear" in said


@pytest.mark.parametrize("content", ['{"auths": null}', '{"auths": {"ADDRESS": null}}', '{"auths": [1]}', "[]", "{"])
def test_a_file_of_logins_that_holds_none(
    store: Registry, address: str, tmp_path: pathlib.Path, logins: pathlib.Path, content: str
) -> None:
    store.push("team/millrace:1", OURS)
    logins.write_text(content.replace("ADDRESS", address))
    assert _checked(tmp_path, f"{address}/team/millrace:1") == []


def test_an_image_without_a_registry_is_looked_for_here(tmp_path: pathlib.Path, engine: pathlib.Path) -> None:
    (said,) = _checked(tmp_path, "millrace:0.1.0")
    assert said.startswith("image millrace:0.1.0 names no registry that could tell its version, and is not here: ")
    engine.with_name("docker.json").write_text(json.dumps(OURS))
    assert _checked(tmp_path, "millrace:0.1.0") == []
    engine.with_name("docker.json").write_text(json.dumps(OLD))
    with pytest.raises(InputError, match=r"has millrace 0\.0\.9"):
        _checked(tmp_path, "millrace:0.1.0")


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("{}/team/millrace:2", "answered 404 (it is not there)"),
        ("{}/team/bare:1", "has no label org.millrace.version, which `millrace image build` gives it"),
        ("{}/team/odd:1", "does not answer as a registry"),
        ("127.0.0.1:1/team/millrace:1", "127.0.0.1:1: Connection refused"),
        ("no-such-host.invalid/team/millrace:1", "no-such-host.invalid: "),
    ],
)
def test_what_cannot_be_compared_is_said(
    store: Registry, address: str, tmp_path: pathlib.Path, image: str, message: str
) -> None:
    store.push("team/bare:1", None)
    store.manifests["team/odd:1"] = MANIFEST, b"[1]"
    (said,) = _checked(tmp_path, image.format(address))
    assert message in said
    assert said.endswith("the run's first task compares the versions")
