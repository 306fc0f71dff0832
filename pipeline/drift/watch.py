"""Spans as they arrive: each is run through the pipeline up to its comparison with other data."""

from __future__ import annotations

import dataclasses
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping

import tensorflow as tf

from components.errors import ConfigError, ExitCode, InputError, MillraceError
from components.example_gen import span_files
from pipeline import runs
from pipeline.config import Config
from pipeline.drift import hooks
from pipeline.drift.spans import statistics_by_span
from pipeline.runners import failures, local
from pipeline.runners.engine import PRELOAD
from pipeline.runners.events import Listener, Message
from pipeline.runners.fork_server import ForkServer
from pipeline.runners.server import ChildDied, Send
from pipeline.runs import RunRecord

_GATE = "DriftGate"
_TRIES = 3
"""How often a span is run that cannot be: what is wrong with it may be over soon."""
Files = Mapping[int, str]
"""The files of each span, with what changes when they do, as text."""


@dataclasses.dataclass(frozen=True)
class Arrived:
    """A span, and what its run came to."""

    span: int
    record: RunRecord | None
    error: MillraceError | None = None
    """Why there was no run."""

    @property
    def ended(self) -> bool:
        """Whether the span was seen to the end, whatever was found of it."""
        return self.record is not None and _ended(self.record)


def check(config: Config) -> None:
    """Raises ConfigError where there is nothing to watch."""
    compared = config.compared_drift
    if not config.data.has_spans:
        raise ConfigError(f"--watch: data.path of {config.name} has no {{SPAN}} or {{DATE}}: {config.data.path}")
    if not (compared and compared.compares):
        raise ConfigError(f"--watch: the field drift of {config.name} compares no data with any other")


def watch(config: Config, every: float, once: bool, listen: Listener) -> Iterator[Arrived]:
    """Each span as it arrives, and again when its files change, oldest first; the newest to begin with.

    A span whose run ended in an error is run again at the next looks, three times in all, and after a restart.

    All that could start TensorFlow's threads is done in children, as this process goes on forking.

    Args:
        every: seconds between two looks at the data.
        once: look once.

    Raises:
        InputError: with `once`, there is no span, or the data cannot be looked at.
    """
    path = config.resolve(config.data.path)
    with ForkServer(PRELOAD) as server:
        seen: dict[int, str] | None = None
        tries: Counter[tuple[int, str]] = Counter()
        for there in _looks(server, path, every, once, listen):
            if seen is None:
                seen = dict(_known(config, there))
            if once and not there:
                raise InputError(f"--watch: there is no span yet. data.path is {path}")
            for span in sorted(span for span in there if seen.get(span) != there[span]):
                arrived = _run(server, config, span, listen)
                tries[span, there[span]] += 1
                if arrived.ended or tries[span, there[span]] == _TRIES:
                    seen[span] = there[span]
                yield arrived


def _looks(server: ForkServer, path: str, every: float, once: bool, listen: Listener) -> Iterator[Files]:
    """What is there, again and again. A look that fails is told, and ends only a watcher that is to look once."""
    while True:
        try:
            there = _look(server, path)
        except MillraceError as error:
            if once:
                raise
            listen(Message(f"{error}. Looking again in {every:g} s"))
        else:
            yield there
            if once:
                return
        time.sleep(every)


def _look(server: ForkServer, path: str) -> Files:
    try:
        there: Files = server.call(_files, path, receive=_nothing).value
    except ChildDied as died:
        raise failures.of_dead_child(died) from died
    except (OSError, tf.errors.OpError) as error:
        raise InputError(f"{path}: the files there cannot be looked at: {error}") from error
    return there


def _known(config: Config, there: Files) -> Files:
    """The spans that need no look: all that are older than the newest, or than the first that no run has seen.

    Those whose last run ended in an error are looked at again.
    """
    counted = [span for span, _ in statistics_by_span(config, config.root_path)]
    new = [span for span in there if counted and span > counted[-1]]
    first = min(new, default=max(there, default=0))
    last = {_span(record): record for record in runs.list_runs(config.root_path) if record.pipeline == config.name}
    failed = {span for span, record in last.items() if not _ended(record)}
    return {span: files for span, files in there.items() if span < first and span not in failed}


def _span(record: RunRecord) -> int | None:
    """None where the run ended before it was known, and nobody had named it."""
    if record.span is not None:
        return record.span
    named: int | None = json.loads(record.config_json).get("data", {}).get("span")
    return named


def _ended(record: RunRecord) -> bool:
    return record.exit_code not in (ExitCode.INPUT, ExitCode.CRASH, ExitCode.INTERRUPTED)


def _run(server: ForkServer, config: Config, span: int, listen: Listener) -> Arrived:
    placed = config.model_copy(update={"data": config.data.model_copy(update={"span": span})})
    try:
        record: RunRecord = server.call(_in_child, placed, receive=listen).value
    except MillraceError as error:
        return Arrived(span, None, error)
    except ChildDied as died:
        return Arrived(span, None, failures.of_dead_child(died))
    return Arrived(span, record)


def _in_child(send: Send, config: Config) -> RunRecord:
    return local.run(config, local.Options(last=_GATE), send, hooks.tell)


def _files(send: Send, path: str) -> Files:
    del send
    by_span = span_files.files_by_span(path)
    versions = {span: list(filter(None, map(_version, files))) for span, files in by_span.items()}
    return {span: "\n".join(of_files) for span, of_files in versions.items() if of_files}


def _version(file: str) -> str:
    """ "" of a file that has gone since it was listed."""
    try:
        found = tf.io.gfile.stat(file)
    except tf.errors.NotFoundError:
        return ""
    return f"{file} {found.length} {found.mtime_nsec}"


def _nothing(_: object) -> None:
    """No child says anything while it looks at files."""
