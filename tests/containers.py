"""A Docker engine of a test's own, and images that it needs no registry for.

The engine's data lie in a temporary folder, and containers have the machine's network or none: what runs on the machine
already, and its firewall, stay as they are.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from tests import standalone

_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]
_PATH = f"/usr/bin:/usr/sbin:/bin:/sbin:{os.environ.get('PATH', '')}"
"""Debian's first: a client from elsewhere may lack BuildKit, and users have no sbin."""
_LIBRARIES = "libbz2-1.0,libffi8,libncursesw6,libreadline8,libsqlite3-0,libssl3"
"""What this machine's Python 3.10 is linked with; those that uv fetches have it built in."""


@contextlib.contextmanager
def docker(folder: pathlib.Path) -> Iterator[dict[str, str]]:
    """Runs an engine; the environment in which `docker` reaches it."""
    socket = f"unix://{folder}/socket"
    command = [*_ROOT, "setpriv", "--pdeathsig=TERM", "dockerd", f"--host={socket}", f"--group={os.getgid()}"]
    command += [f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/pid"]
    environment = {**os.environ, "PATH": _PATH, "DOCKER_HOST": socket}
    log = folder / "log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            [*command, "--bridge=none", "--iptables=false"], env=environment, stdout=output, stderr=output
        ) as process,
    ):
        try:
            _await(process, environment, log)
            yield environment
        finally:
            subprocess.run([*_ROOT, "kill", str(process.pid)], check=False)
            process.wait()
            # What containers with the machine's network leave behind.
            subprocess.run([*_ROOT, "umount", "--quiet", f"{folder}/exec/netns/default"], check=False)
            subprocess.run([*_ROOT, "rm", "-rf", str(folder / "data"), str(folder / "exec")], check=False)


def _await(process: subprocess.Popen[bytes], environment: dict[str, str], log: pathlib.Path) -> None:
    deadline = time.monotonic() + 60
    while subprocess.run(["docker", "info"], env=environment, capture_output=True, check=False).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"no Docker engine could be started:\n{log.read_text()}")
        time.sleep(0.2)


def import_debian(environment: dict[str, str], tag: str) -> None:
    """Makes an image of Debian alone, of the release and from the mirror that this machine has."""
    listed = ["apt-get", "indextargets", "--format", "deb $(SITE) $(RELEASE) $(COMPONENT)"]
    targets = subprocess.run(
        [*listed, "Created-By: Packages", "Origin: Debian"], capture_output=True, text=True, check=True
    )
    source = targets.stdout.splitlines()[0]
    bootstrap = [*_ROOT, "mmdebstrap", "--quiet", "--variant=apt", f"--include=ca-certificates,{_LIBRARIES}"]
    with subprocess.Popen(
        [*bootstrap, source.split()[2], "-", source], env={**environment, "TMPDIR": "/tmp"}, stdout=subprocess.PIPE
    ) as made:
        subprocess.run(["docker", "import", "-", tag], stdin=made.stdout, env=environment, check=True)
    assert made.returncode == 0


@contextlib.contextmanager
def python_mirror(folder: pathlib.Path) -> Iterator[dict[str, str]]:
    """Serves this machine's Python 3.10 as uv would fetch it; the variables that make uv do so."""
    path = os.fsencode(os.path.join(sys.base_prefix, "lib")) + b"\0"
    python = pathlib.Path(sys.base_prefix, "bin/python3.10")
    # Built for one place: with its library found from where it is, it runs from any.
    movable = folder / "python3.10"
    movable.write_bytes(python.read_bytes().replace(path, b"$ORIGIN/../lib".ljust(len(path), b"\0")))
    movable.chmod(0o755)
    standalone.standalone_python(folder / "mirror/20300101" / standalone.ARCHIVE, movable)
    listing = {"cpython-3.10.99-linux-x86_64-gnu": standalone.download()}
    (folder / "mirror/downloads.json").write_text(json.dumps(listing))
    handler = functools.partial(_Quiet, directory=str(folder / "mirror"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        yield {"UV_PYTHON_INSTALL_MIRROR": url, "UV_PYTHON_DOWNLOADS_JSON_URL": f"{url}/downloads.json"}
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass
