"""Runs pipelines in processes of their own, as the command line does, without importing TFX again for each.

The processes come from Python's own fork server: what they do (forking, dying, being killed) is real.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import coverage

import pipeline.config as c
from components.errors import MillraceError
from pipeline.runners import local
from pipeline.runners.events import Event
from pipeline.runs import RunRecord

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["tests.pipeline.runners.preload"])
TINY = "tests.pipeline.runners.tiny"


class Driver:
    """One `millrace run` under way."""

    def __init__(self, config: c.Config, graph: str = TINY, before: Callable[[], None] | None = None, **options: Any):
        self._results, theirs = context.Pipe(duplex=False)
        covered = coverage.Coverage.current() is not None
        arguments = (theirs, config, local.Options(**options), graph, before, covered)
        self.process: BaseProcess = context.Process(target=_drive, args=arguments)
        self.process.start()
        theirs.close()
        self.events: list[Event] = []

    def poll(self) -> bool:
        """Whether it has told anything."""
        return self._results.poll()

    def wait(self) -> RunRecord:
        """Its record. Raises what `local.run` raised; EOFError when the process was killed."""
        try:
            while True:
                kind, value = self._results.recv()
                if kind == "event":
                    self.events.append(value)
                elif kind == "raised":
                    raise value
                else:
                    return value
        finally:
            self.process.join()


class Child:
    """A function under way in a process of its own, on the tiny pipeline."""

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        self._results, theirs = context.Pipe(duplex=False)
        covered = coverage.Coverage.current() is not None
        self.process: BaseProcess = context.Process(target=_call, args=(theirs, covered, function, args))
        self.process.start()
        theirs.close()

    def wait(self) -> Any:
        """What it returned. Raises what it raised; EOFError when it was killed."""
        try:
            kind, value = self._results.recv()
        finally:
            self.process.join()
        if kind == "raised":
            raise value
        return value


def _call(results: Connection, covered: bool, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    os.setpgid(0, 0)
    if covered:
        cover()
    _take_graph(TINY)
    try:
        results.send(("returned", function(*args)))
    except MillraceError as error:
        results.send(("raised", error))
    os._exit(0)


def _take_graph(graph: str) -> None:
    for module in ("graph", "dependencies"):
        sys.modules[f"pipeline.{module}"] = importlib.import_module(graph)
        setattr(sys.modules["pipeline"], module, sys.modules[f"pipeline.{module}"])


def run(config: c.Config, **options: Any) -> RunRecord:
    """Run to the end."""
    return Driver(config, **options).wait()


def _drive(
    results: Connection,
    config: c.Config,
    options: local.Options,
    graph: str,
    before: Callable[[], None] | None,
    covered: bool,
) -> None:
    os.setpgid(0, 0)
    if covered:
        cover()
    if graph == TINY:
        _take_graph(graph)
    if before:
        before()
    try:
        record = local.run(config, options, lambda event: results.send(("event", event)))
        results.send(("record", record))
    except MillraceError as error:
        results.send(("raised", error))
    os._exit(0)  # tearing down what was imported takes longer than the run


def cover() -> None:
    """Measure this process and those that it forks."""
    measured = coverage.Coverage(data_suffix=True)
    measured.set_option("run:parallel", True)
    os.environ["COVERAGE_PROCESS_CONFIG"] = measured.config.serialize()
    measured.start()
