"""ExampleGen as a config wants it."""

from __future__ import annotations

from components.example_gen.component import ExampleGen
from pipeline.config import Config
from pipeline.nodes.settings import ingestion_settings


def example_gen(config: Config) -> ExampleGen:
    """The node that reads one span of the data."""
    return ExampleGen(
        path=config.resolve(config.data.path),
        format=config.data.format,
        settings=ingestion_settings(config),
        span=config.data.span,
    )
