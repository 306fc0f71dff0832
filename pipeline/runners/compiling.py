"""Compiling a pipeline. It takes all of TFX, and is done in a child."""

from __future__ import annotations

from pipeline import beam, dependencies, graph, preflight
from pipeline.config import Config
from pipeline.runners import ir as irs
from pipeline.runners.compiled import Compiled


def compiled(config: Config) -> Compiled:
    """The compiled pipeline of `config`, after all has been refused that can be known to be wrong beforehand.

    Raises:
        ConfigError: the config names something that does not exist.
    """
    preflight.check(config)
    ir = irs.compiled(graph.create_pipeline(config))
    beam.check(config, irs.beam_nodes(ir))
    return Compiled(
        ir=ir,
        user_code=dependencies.user_code(config),
        data_files=dependencies.data_files(config),
        earlier_spans=graph.node_of_earlier_spans(config),
    )
