"""How this machine reaches registries, handed to a build as secrets: none of it is in the image or its history."""

from __future__ import annotations

import pathlib
import shlex
from collections.abc import Iterator, Mapping

_VARIABLES = (
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL",
    "UV_PYTHON_INSTALL_MIRROR", "UV_PYTHON_DOWNLOADS_JSON_URL",
)  # fmt: skip
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
_BUNDLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")


def arguments(folder: pathlib.Path, environment: Mapping[str, str]) -> Iterator[str]:
    """The engine's arguments; `folder` gets what has to be a file."""
    variables = {name: environment[name] for name in _VARIABLES if environment.get(name)}
    file = folder / "network"
    file.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()))
    for secret, path in {"network": file, **_files(environment)}.items():
        yield from ("--secret", f"id={secret},src={path}")
    # Names alone: the engine takes the values from its environment and keeps these out of the history.
    for name in _PROXIES:
        if environment.get(name):
            yield from ("--build-arg", name)


def _files(environment: Mapping[str, str]) -> dict[str, pathlib.Path]:
    """What the machine has of each kind, the first that counts."""
    home = pathlib.Path(environment.get("HOME", "/"))
    etc = pathlib.Path("/etc")
    configured = {name: pathlib.Path(value) for name, value in environment.items() if value}
    places = {
        "pip.conf": [configured.get("PIP_CONFIG_FILE"), home / ".config/pip/pip.conf", home / ".pip/pip.conf",
                     etc / "pip.conf"],
        "uv.toml": [configured.get("UV_CONFIG_FILE"), home / ".config/uv/uv.toml", etc / "uv/uv.toml"],
        "certificates": [*map(configured.get, _BUNDLES), etc / "ssl/certs/ca-certificates.crt",
                         etc / "pki/tls/certs/ca-bundle.crt"],
    }  # fmt: skip
    found = {name: [file for file in files if file and file.is_file()] for name, files in places.items()}
    return {name: files[0] for name, files in found.items() if files}
