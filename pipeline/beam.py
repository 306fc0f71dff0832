"""The options of Beam pipelines: the one place where a config's `beam` becomes what Beam reads."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import logging
import os
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from components.errors import ConfigError, close_matches
from components.example_gen.patterns import divide
from pipeline.config import Config, Flink
from pipeline.config.beam import Runner
from pipeline.config.features import Vocabulary
from pipeline.config.load import FILE_REFERENCE
from pipeline.layout import Layout
from pipeline.references import COPIES

_SETUP_FILE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "setup.py")
ENVIRONMENT_CACHE_MILLIS = 10_000
"""A worker stays so long with its TaskManager when it has nothing to do. Without it each stage starts its own."""


@dataclasses.dataclass(frozen=True)
class Pipelines:
    """How the Beam pipelines of one node of a run are run.

    Attributes:
        args: their options.
        step: what the names of their jobs on a cluster begin with: the same for each try at this node of this run, and
            for no other.
        name: of the jobs of this try.
        flink: the cluster, its paths resolved; None on another runner.
        shared: folders that this process and a cluster's workers must share.
        read: files and folders that workers read, and must have as they are here.
        code: files that the config names code in.
        project: a folder that they import from.
        copies: where workers look for copies of those; empty where there are none.
    """

    args: tuple[str, ...]
    step: str = ""
    name: str = ""
    flink: Flink | None = None
    shared: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    project: str = ""
    copies: str = ""


def here() -> tuple[str, ...]:
    """The options of pipelines that run on this machine whatever the config says, as their files are only here."""
    return _args(Runner())


def check(config: Config, steps: Sequence[str]) -> None:
    """Whether each node that runs otherwise is one of the pipeline's Beam steps, and Beam knows the options it gets.

    Raises:
        ConfigError: one is not, or it does not.
    """
    _check_args("beam.args", config.beam)
    for name, runner in config.beam.nodes.items():
        if name not in steps:
            hint = close_matches(name, steps)
            raise ConfigError(f"beam.nodes: no Beam step is called {name!r}.{hint} Beam steps: {', '.join(steps)}")
        _check_args(f"beam.nodes.{name}.args", runner)


def _check_args(field: str, runner: Runner) -> None:
    """Beam leaves options alone that it does not know. What runners elsewhere know, only they can tell."""
    known = _read([]).keys()
    for arg in runner.args:
        option = arg.partition("=")[0].removeprefix("--")
        try:
            unknown = _read([arg]).keys() - known
        except ValueError as error:
            raise ConfigError(f"{field}: Beam refuses {arg!r}: {error}") from None
        if unknown and runner.beam_runner == "DirectRunner":
            raise ConfigError(f"{field}: Beam knows no option {arg!r}.{close_matches(option, known)}")


def _read(args: list[str]) -> dict[str, Any]:
    """Options as Beam reads them; raises ValueError where it ends the process instead."""
    from apache_beam.options.pipeline_options import PipelineOptions

    handlers = logging.root.handlers[:]
    with contextlib.redirect_stderr(io.StringIO()) as said:
        try:
            options: dict[str, Any] = PipelineOptions(args).get_all_options(retain_unknown_options=True)
        except SystemExit:
            raise ValueError(said.getvalue().rpartition("error: ")[2].strip() or "it is for a command line") from None
        finally:
            logging.root.handlers[:] = handlers  # Beam has set up logging, to what stderr is here
    return options


def of_node(config: Config, node: str, run: str) -> Pipelines:
    """How the pipelines of that node are run, by one try at it.

    Args:
        run: what tells the run from all others, under other roots too.
    """
    runner = config.beam.of(node)
    step = f"{config.name}-{node}-{run}-"
    name = step + uuid.uuid4().hex[:8]
    if not runner.on_flink:
        return Pipelines(_args(runner))
    jar = config.resolve(runner.flink.jar) if runner.flink.jar else None
    layout = Layout(config.root_path)
    artifacts = config.resolve(runner.flink.artifacts) if runner.flink.artifacts else layout.beam
    flink = runner.flink.model_copy(update={"jar": jar, "artifacts": artifacts})
    code = _code(config)
    copies = os.path.join(layout.code, name) if code else ""
    return Pipelines(
        args=_args(runner, name, flink, copies),
        step=step,
        name=name,
        flink=flink,
        shared=tuple(filter(_is_path, (config.root_path, artifacts))),
        read=tuple(filter(_is_path, _read_by(config, node))),
        code=code,
        project=config.project,
        copies=copies,
    )


def _is_path(place: str) -> bool:
    return "://" not in place


def _read_by(config: Config, node: str) -> tuple[str, ...]:
    """What that node's workers read beside artifacts."""
    serving = config.drift.serving if config.drift else None
    read = {
        "ExampleGen": (divide(config.resolve(config.data.path))[0],),
        "ServingExampleGen": (divide(config.resolve(serving.path))[0],) if serving else (),
        "Transform": tuple(
            config.resolve(feature.file)
            for feature in config.features
            if isinstance(feature, Vocabulary) and feature.file
        ),
    }
    return read.get(node, ())


def _code(config: Config) -> tuple[str, ...]:
    """The files of all FILE.py:NAME in the config."""

    def named(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            value = tuple(value.values())
        if isinstance(value, (list, tuple)):
            for each in value:
                yield from named(each)
        elif isinstance(value, str) and FILE_REFERENCE.fullmatch(value):
            yield value.rpartition(":")[0]

    return tuple(sorted(set(named(config.model_dump()))))


def _args(runner: Runner, name: str = "", flink: Flink | None = None, copies: str = "") -> tuple[str, ...]:
    own = {arg.partition("=")[0] for arg in runner.args} - {"--experiments"}
    # With a setup file, or an image of the workers, TFX does not pack a copy of itself for each executor, which takes
    # it 10 s. Remote workers get our two packages by the first; the DirectRunner does not look at it.
    options = [*_of_flink(flink, name, copies)] if flink else [("setup_file", _SETUP_FILE)]
    known = [f"--{option}={value}" for option, value in options if f"--{option}" not in own]
    return (f"--runner={runner.beam_runner}", *known, *runner.args)


def _of_flink(flink: Flink, name: str, copies: str) -> Iterator[tuple[str, object]]:
    yield "job_name", name
    yield "flink_master", flink.master
    yield "flink_version", flink.version
    if flink.job_server:
        yield "job_endpoint", flink.job_server
        yield "artifact_endpoint", flink.artifact_server
    elif flink.jar:
        yield "flink_job_server_jar", flink.jar
        # It lives as long as one step, and mostly loads classes.
        yield "job_server_jvm_properties", "-XX:TieredStopAtLevel=1"
        yield "job_server_jvm_properties", "-XX:+UseSerialGC"
    yield "parallelism", flink.parallelism
    # Nothing waits for two slots at a time: jobs that each have one of two would wait for ever. And where a TaskManager
    # is lost, only what it had done is done again.
    yield "execution_mode_for_batch", "BATCH"
    yield "environment_type", flink.workers.upper()
    if flink.workers == "external":
        yield "environment_config", flink.worker_address
    elif flink.workers == "process":
        yield "environment_config", json.dumps({"command": flink.worker_command})
    elif flink.workers == "docker":
        yield "environment_config", flink.worker_command
    yield "environment_cache_millis", ENVIRONMENT_CACHE_MILLIS
    yield "artifacts_dir", flink.artifacts
    # The runner asks for what our Beam's packages are not staged with.
    yield "experiments", "disable_logging_submission_environment"
    if copies:
        yield "experiments", f"{COPIES}={copies}"
    yield "sdk_container_image", "none"
