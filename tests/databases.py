"""A MariaDB or a PostgreSQL of a test's own, on a free port, with its files in a temporary folder.

with databases.mariadb() as server:
    database = server.database()
    os.environ.update(MILLRACE_STORE=database.url, MILLRACE_STORE_PASSWORD=database.password)
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence

import pytest

USER = "millrace"
PASSWORD = "two words, 'quotes' & a \\"
"""With all that a connection string has to quote."""
_QUOTED = PASSWORD.replace("\\", "\\\\").replace("'", "''")
_SECONDS = 60
"""Starting takes two; a machine may be busy."""


@dataclasses.dataclass(frozen=True)
class Database:
    url: str
    password: str


@dataclasses.dataclass(frozen=True)
class Server:
    scheme: str
    port: int
    client: tuple[str, ...]
    """Its command-line client, without the statement."""

    def database(self, name: str = "millrace") -> Database:
        """Makes an empty one; `name` begins with millrace, which is where the user may do anything."""
        self.query(f"CREATE DATABASE {name}")
        return Database(f"{self.scheme}://{USER}@127.0.0.1:{self.port}/{name}", PASSWORD)

    def query(self, statement: str) -> str:
        return _run([*self.client, statement], _environment())


@contextlib.contextmanager
def mariadb() -> Iterator[Server]:
    with _folder("mysql") as (folder, as_user), _port() as port:
        common = ["--no-defaults", f"--datadir={folder}/data"]
        install = ["mariadb-install-db", *common, "--skip-test-db", "--auth-root-authentication-method=normal"]
        _run([*as_user, *install], _environment())
        accounts = folder / "accounts.sql"
        accounts.write_text(
            f"CREATE USER {USER} IDENTIFIED VIA mysql_native_password USING PASSWORD('{_QUOTED}');\n"
            f"GRANT ALL ON `{USER}%`.* TO {USER};\n"
        )
        accounts.chmod(0o644)
        options = [f"--socket={folder}/socket", f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve"]
        client = ("mariadb", "--no-defaults", "--host=127.0.0.1", f"--port={port}", f"--user={USER}", "--batch", "-e")
        server = Server("mysql", port, client)
        command = [*as_user, _binary("mariadbd"), *common, *options, f"--init-file={accounts}"]
        with _process(command, folder, server):
            yield server


@contextlib.contextmanager
def postgresql() -> Iterator[Server]:
    with _folder("postgres") as (folder, as_user), _port() as port:
        data, password = folder / "data", folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        words = [f"--pgdata={data}", f"--username={USER}", "--auth=scram-sha-256", f"--pwfile={password}"]
        _run([*as_user, _binary("initdb"), *words, "--no-sync"], _environment())
        options = [f"-cunix_socket_directories={folder}", "-clisten_addresses=127.0.0.1", f"-cport={port}"]
        client = ("psql", "--no-psqlrc", "-h127.0.0.1", f"-p{port}", f"-U{USER}", "-dpostgres", "-AtXc")
        server = Server("postgresql", port, client)
        with _process([*as_user, _binary("postgres"), "-D", str(data), *options], folder, server):
            yield server


@contextlib.contextmanager
def _folder(user: str) -> Iterator[tuple[pathlib.Path, list[str]]]:
    """A folder for the server, and what its commands begin with: servers refuse root, and must not outlive the test."""
    as_user = ["setpriv", "--pdeathsig=KILL"]
    # Not pytest's own folder, whose parents only its user may enter.
    with tempfile.TemporaryDirectory(prefix=f"millrace-{user}-") as name:
        folder = pathlib.Path(name)
        if os.geteuid() == 0:
            account = pwd.getpwnam(user)
            os.chown(folder, account.pw_uid, account.pw_gid)
            as_user += [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        yield folder, as_user


@contextlib.contextmanager
def _port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    yield port


def _binary(name: str) -> str:
    """Debian keeps servers out of a user's PATH, and PostgreSQL's in a folder for each version."""
    places = [*sorted(map(str, pathlib.Path("/usr/lib/postgresql").glob("*/bin")), reverse=True), "/usr/sbin"]
    found = shutil.which(name, path=os.pathsep.join([*places, os.environ.get("PATH", "")]))
    return found or pytest.fail(f"this machine lacks {name}; .ci/packages names what has it")


def _environment() -> dict[str, str]:
    return {**os.environ, "MYSQL_PWD": PASSWORD, "PGPASSWORD": PASSWORD, "LC_ALL": "C.UTF-8"}


def _run(command: Sequence[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}{done.stderr}"
    return done.stdout


@contextlib.contextmanager
def _process(command: Sequence[str], folder: pathlib.Path, server: Server) -> Iterator[None]:
    log = folder / "log"
    with (
        log.open("w") as output,
        subprocess.Popen(command, env=_environment(), cwd="/", stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            _await(process, server, log)
            yield
        finally:
            # Both end at once; after SIGTERM PostgreSQL would wait for its clients.
            process.send_signal(signal.SIGQUIT)


def _await(process: subprocess.Popen[bytes], server: Server, log: pathlib.Path) -> None:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            server.query("SELECT 1")
        except AssertionError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{server.scheme} did not start:\n{log.read_text()}")
            time.sleep(0.1)
        else:
            return
