"""The metadata store of a root, for those who open it. Without TFX, whose import takes ten times as long."""

from __future__ import annotations

from ml_metadata.proto import metadata_store_pb2

from pipeline.layout import Layout


def connection(root: str) -> metadata_store_pb2.ConnectionConfig:
    """How to open the store of `root`, which is made where it is not there yet."""
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = Layout(root).store
    config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    return config
