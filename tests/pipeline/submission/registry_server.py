"""A registry of images for tests: the API's reading half over HTTP, with tokens, lists of platforms and redirects."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import http.server
import json
import threading
import urllib.parse
from collections.abc import Iterator
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


@dataclasses.dataclass
class Registry:
    """Its images, and whom it shows them: everybody, holders of a token, or those who log in with `login`."""

    auth: str = ""
    login: str = ""
    realm: str = ""
    """Where tokens are given; its own where it is empty."""
    blobs: dict[str, bytes] = dataclasses.field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = dataclasses.field(default_factory=dict)
    seen: list[tuple[str, str]] = dataclasses.field(default_factory=list)

    def push(self, name: str, labels: dict[str, str] | None, kind: str = MANIFEST) -> None:
        """An image for this platform."""
        self.manifests[name] = self._image({"Labels": labels} if labels is not None else {}, kind)

    def push_index(self, name: str, platforms: dict[str, dict[str, str]]) -> None:
        """An image for several platforms, with the labels of each."""
        entries = []
        for architecture, labels in platforms.items():
            kind, content = self._image({"Labels": labels}, MANIFEST)
            digest = _digest(content)
            self.manifests[f"{name.rpartition(':')[0]}:{digest}"] = kind, content
            platform = {"os": "linux", "architecture": architecture}
            entries.append({"mediaType": kind, "digest": digest, "size": len(content), "platform": platform})
        self.manifests[name] = INDEX, json.dumps({"mediaType": INDEX, "manifests": entries}).encode()

    def _image(self, config: dict[str, Any], kind: str) -> tuple[str, bytes]:
        content = json.dumps({"architecture": "amd64", "os": "linux", "config": config}).encode()
        self.blobs[_digest(content)] = content
        entry = {"digest": _digest(content), "size": len(content)}
        return kind, json.dumps({"schemaVersion": 2, "mediaType": kind, "config": entry, "layers": []}).encode()


@contextlib.contextmanager
def serve(registry: Registry) -> Iterator[str]:
    """HOST:PORT of it."""

    class Handler(_Handler):
        state = registry

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    state: Registry

    def do_GET(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        given = self.headers.get("Authorization", "")
        self.state.seen.append((url.path, given))
        if url.path == "/token":
            return self._token(url.query, given)
        if url.path.startswith("/storage/"):  # as S3: a second way to log in is refused
            digest = url.path.rpartition("/")[2]
            return self._send(400, b"only one") if given else self._send(200, self.state.blobs[digest])
        if not self._allowed(given):
            realm = self.state.realm or f"http://{self.headers['Host']}/token"
            challenge = f'Bearer realm="{realm}",service="here",scope="repository:team/millrace:pull"'
            return self._send(401, b"{}", ("WWW-Authenticate", challenge if self.state.auth == "token" else "Basic"))
        repository, kind, name = url.path.removeprefix("/v2/").rsplit("/", 2)
        if kind == "blobs" and name in self.state.blobs:
            return self._send(307, b"", ("Location", f"/storage/{name}"))
        if kind == "manifests" and f"{repository}:{name}" in self.state.manifests:
            media, content = self.state.manifests[f"{repository}:{name}"]
            fits = media in self.headers.get("Accept", "")
            return self._send(200 if fits else 404, content, ("Content-Type", media))
        self._send(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')

    def _allowed(self, given: str) -> bool:
        wanted = {"": given, "token": "Bearer t0ken", "basic": f"Basic {self._login()}"}
        return given == wanted[self.state.auth]

    def _token(self, query: str, given: str) -> None:
        asked = urllib.parse.parse_qs(query)
        assert asked == {"service": ["here"], "scope": ["repository:team/millrace:pull"]}, asked
        if self.state.login and given != f"Basic {self._login()}":
            return self._send(401, b"{}")
        self._send(200, b'{"token": "t0ken"}')

    def _login(self) -> str:
        return base64.b64encode(self.state.login.encode()).decode()

    def _send(self, status: int, content: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Not to the tests' output."""


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
