"""The labels of an image, as its registry tells them: the Docker Registry HTTP API V2, without pulling anything.

https://distribution.github.io/distribution/spec/api/ and https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import dataclasses
import functools
import http.client
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from pipeline.submission.limit import within

_SECONDS = 10
"""For a connection, and for the next bytes of an answer."""
WHOLE = 60.0
"""Seconds for all that is asked of one image."""
_HUB = "registry-1.docker.io"
_HUB_NAMES = ("docker.io", "index.docker.io")
"""What names of images call it."""
_OF_THIS_MACHINE = re.compile(r"(localhost|127\.\d+\.\d+\.\d+)(:|/|$)")
"""As docker does: registries there go without TLS."""
_LISTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_PLATFORM = {"os": "linux", "architecture": "amd64"}
_MEANINGS = {401: "who asks is not known: docker login", 403: "who asks may not see it", 404: "it is not there"}
_LOGINS = "~/.docker/config.json"
"""Where `docker login` keeps what it was told; helpers that keep it elsewhere are not asked."""


class UnreadableError(Exception):
    """The registry did not tell; says why."""


@dataclasses.dataclass(frozen=True)
class Reference:
    """An image's name, taken apart. `registry` is empty for a name that only a machine's own store can know."""

    registry: str
    repository: str
    tag: str


def parse(image: str) -> Reference:
    """`ghcr.io/team/millrace:1` -> registry ghcr.io, repository team/millrace, tag 1 (or a digest)."""
    name, _, digest = image.partition("@")
    first, slash, rest = name.partition("/")
    hosted = bool(slash) and (first == "localhost" or any(mark in first for mark in ".:"))
    registry, path = (first, rest) if hosted else (_HUB if slash else "", name)
    if registry in _HUB_NAMES:
        registry, path = _HUB, path if "/" in path else f"library/{path}"
    repository, _, tag = path.partition(":")
    return Reference(registry, repository, digest or tag or "latest")


def labels(reference: Reference, seconds: float = WHOLE) -> Mapping[str, str]:
    """The image's labels, asked for within so many seconds.

    Raises:
        UnreadableError: its registry is out of reach, does not have it or does not show it.
    """
    try:
        return within(seconds, functools.partial(_labels, _Session(reference), reference.tag))
    except TimeoutError as error:
        took = str(error) or f"no whole answer within {seconds:g} s"
        raise UnreadableError(f"{reference.registry}: {took}") from None
    except urllib.error.HTTPError as error:
        means = _MEANINGS.get(error.code, error.reason)
        raise UnreadableError(f"{reference.registry} answered {error.code} ({means})") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise UnreadableError(f"{reference.registry}: {getattr(reason, 'strerror', None) or reason}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(f"{reference.registry} does not answer as a registry ({error})") from None


def _labels(session: _Session, tag: str) -> Mapping[str, str]:
    manifest = session.get(f"manifests/{tag}", *_MANIFESTS, *_LISTS)
    if manifest.get("mediaType") in _LISTS or "manifests" in manifest:
        manifest = session.get(f"manifests/{_of_platform(manifest)}", *_MANIFESTS)
    config = session.get(f"blobs/{manifest['config']['digest']}")
    return {str(key): str(value) for key, value in ((config.get("config") or {}).get("Labels") or {}).items()}


class _Session:
    """Requests to one repository, with the token that the registry's first refusal has asked for."""

    def __init__(self, reference: Reference) -> None:
        host = reference.registry
        scheme = "http" if _OF_THIS_MACHINE.match(host) else "https"
        self._base = f"{scheme}://{host}/v2/{urllib.parse.quote(reference.repository)}/"
        self._basic = _login(host)
        self._authorization = ""

    def get(self, path: str, *accept: str) -> dict[str, Any]:
        url = self._base + path
        try:
            return _json(url, self._authorization, accept)
        except urllib.error.HTTPError as error:
            if error.code != 401 or self._authorization:
                raise
            self._authorization = self._authorized(error.headers.get("WWW-Authenticate", ""))
            if not self._authorization:
                raise
        return _json(url, self._authorization, accept)

    def _authorized(self, challenge: str) -> str:
        kind, _, rest = challenge.partition(" ")
        if kind.lower() == "basic":
            return self._basic
        asked = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        scheme, _, place = asked.get("realm", "").partition("://")
        if kind.lower() != "bearer" or scheme not in ("http", "https"):
            return ""
        if scheme == "http" and not _OF_THIS_MACHINE.match(place):
            raise UnreadableError(f"it wants the password of `docker login` at {asked['realm']}, in the clear")
        query = urllib.parse.urlencode({key: asked[key] for key in ("service", "scope") if key in asked})
        answer = _json(f"{asked['realm']}?{query}", self._basic, ())
        return f"Bearer {answer.get('token') or answer['access_token']}"


def _json(url: str, authorization: str, accept: tuple[str, ...]) -> dict[str, Any]:
    request = urllib.request.Request(url)
    if accept:
        request.add_header("Accept", ", ".join(accept))
    if authorization:  # not for the store of blobs that a registry redirects to
        request.add_unredirected_header("Authorization", authorization)
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        content = json.load(answer)
    if not isinstance(content, dict):
        raise ValueError(f"{type(content).__name__} instead of an object")
    return content


def _of_platform(listing: Mapping[str, Any]) -> str:
    """The digest of the image for the machines that Millrace runs on; the first, where it does not say."""
    images = listing["manifests"]
    fit = [each for each in images if _PLATFORM.items() <= (each.get("platform") or {}).items()]
    return str((fit or images)[0]["digest"])


def _login(host: str) -> str:
    try:
        with open(os.path.expanduser(_LOGINS), encoding="utf-8") as file:
            logins = json.load(file).get("auths") or {}
        names = (host, f"https://{host}", *(("https://index.docker.io/v1/",) if host == _HUB else ()))
        known = [login["auth"] for name in names if (login := logins.get(name)) and login.get("auth")]
    except (OSError, ValueError, AttributeError):
        return ""
    return f"Basic {known[0]}" if known else ""
