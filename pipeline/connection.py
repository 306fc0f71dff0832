"""The metadata store of a root, for those who open it. Without TFX, whose import takes ten times as long."""

from __future__ import annotations

import os
import re
import socket
import urllib.parse

from ml_metadata import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from components.errors import InputError
from pipeline import postgresql
from pipeline.layout import Layout

STORE, PASSWORD = "MILLRACE_STORE", "MILLRACE_STORE_PASSWORD"
"""The variables of the environment that name a store on a server, mysql:// or postgresql://USER@HOST:PORT/DATABASE, and
its password. They are set where the root is shared by several machines, which no SQLite file can be."""

_PORTS = {"mysql": 3306, "postgresql": 5432}
_SECONDS = 10


def connection(root: str) -> metadata_store_pb2.ConnectionConfig:
    """How to open the store of `root`: that of the environment, or else a SQLite file, made where it is not there yet.

    Raises:
        InputError: MILLRACE_STORE is no address of a store.
    """
    address = os.environ.get(STORE)
    if not address:
        return _of_file(root)
    try:
        return of_server(address)
    except InputError as error:
        raise InputError(f"{STORE}: {error}") from None


def store(root: str) -> MetadataStore:
    """The store of `root`, opened.

    Raises:
        InputError: MILLRACE_STORE is no address of a store.
    """
    return opened(connection(root))


def opened(config: metadata_store_pb2.ConnectionConfig) -> MetadataStore:
    """The store, opened."""
    return postgresql.Store(config) if config.HasField("postgresql") else MetadataStore(config)


def exists(root: str) -> bool:
    """Whether the root has a store: a server's is taken for granted."""
    return bool(os.environ.get(STORE)) or os.path.exists(Layout(root).store)


def _of_file(root: str) -> metadata_store_pb2.ConnectionConfig:
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = Layout(root).store
    config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    return config


def of_server(address: str) -> metadata_store_pb2.ConnectionConfig:
    """How to open the store at `address`.

    Raises:
        InputError: it is no address of a store.
    """
    parts, port = _taken_apart(address)
    database = parts.path.strip("/")
    complete = parts.scheme in _PORTS and parts.hostname and parts.username and database
    if not complete or parts.password or parts.query or parts.fragment:
        raise InputError(
            f"write mysql:// or postgresql://USER@HOST:PORT/DATABASE, with the password in {PASSWORD} and nothing "
            f"behind it. Received: {_without_secrets(address)}"
        )
    config = metadata_store_pb2.ConnectionConfig()
    server = {"host": parts.hostname, "port": port or _PORTS[parts.scheme], "user": parts.username}
    password = os.environ.get(PASSWORD, "")
    if parts.scheme == "mysql":
        config.mysql.MergeFrom(metadata_store_pb2.MySQLDatabaseConfig(**server, database=database, password=password))
    else:
        # ML Metadata writes them into libpq's connection string as they are; the database's name into SQL, too.
        text = {key: _quoted(str(value)) for key, value in server.items()}
        config.postgresql.MergeFrom(
            metadata_store_pb2.PostgreSQLDatabaseConfig(**text, dbname=database, password=_quoted(password))
        )
    return config


def obstacle(address: str) -> str:
    """What keeps everybody from connecting to the server of `address`; empty where it takes connections."""
    parts, port = _taken_apart(address)
    place = (str(parts.hostname), port or _PORTS[parts.scheme])
    try:
        socket.create_connection(place, _SECONDS).close()
    except OSError as error:
        return f"{place[0]}:{place[1]}: {error.strerror or error}"
    return ""


def _taken_apart(address: str) -> tuple[urllib.parse.SplitResult, int | None]:
    try:
        parts = urllib.parse.urlsplit(address)
        return parts, parts.port
    except ValueError as error:
        said = "" if "@" in str(error) else f" ({error})"  # it may quote all that stands before the host
        raise InputError(
            f"host or port cannot be read{said}: write mysql:// or postgresql://USER@HOST:PORT/DATABASE. "
            f"Received: {_without_secrets(address)}"
        ) from None


def _quoted(value: str) -> str:
    """As a value of libpq's connection strings (PostgreSQL, 34.1.1.1)."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _without_secrets(address: str) -> str:
    """What may be shown of something that may be no address at all: neither user and password nor settings."""
    before, at, place = address.rpartition("@")
    scheme, slashes, _ = before.partition("://")
    start = f"{scheme}://…@" if slashes else at and "…@"
    return f"{start}{re.split('[?#]', place)[0]}"
