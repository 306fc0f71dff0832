"""What a run shows while it goes on: a live table on a terminal, a line per event elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from components.progress import Value
from pipeline.cli.console import duration
from pipeline.runners.events import Event, Message, NodeFinished, NodeProgress, NodeStarted, RunStarted
from pipeline.runs import NodeRecord

_EVERY = 30.0
"""Seconds between two lines about the same node, unless its epoch, its trial or the state of its job has changed."""
_STYLES = {"complete": "green", "cached": "cyan", "kept": "cyan", "failed": "bold red", "cancelled": "yellow"}


def describe(fields: Mapping[str, Value]) -> str:
    """Progress fields in one line: `trial 3/10  epoch 2/5  step 40/150  loss 0.31`."""
    parts = []
    for key, value in fields.items():
        if key in ("trials", "epochs", "steps", "tasks"):
            continue
        total = fields.get(f"{key}s")
        shown = f"{value:.4g}" if isinstance(value, float) else str(value)
        parts.append(f"{key} {shown}/{total}" if total is not None else f"{key} {shown}")
    return "  ".join(parts)


def finished_line(node: NodeRecord, done: int, of: int) -> str:
    """A node's end in one line, with its place among the run's nodes, where it is known how many there are."""
    place = f"[{done:{len(str(of))}}/{of}] " if of else ""
    reason = "" if node.state == "complete" else f"  {node.reason}"
    return f"{place}{node.id:<20} {node.state:<9} {duration(node.seconds):>7}{reason}".rstrip()


class Lines:
    """A listener that prints whole lines: for logs, pipes and CI."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._finished = 0
        self._total = 0
        self._told: dict[str, tuple[float, list[Value]]] = {}

    def __call__(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._finished, self._total = 0, len(event.nodes)
                self._print(f"run {event.run_id}, logs in {event.log_dir}")
            case NodeStarted():
                self._print(f"{event.node} started")
            case NodeProgress():
                self._progress(event)
            case NodeFinished():
                self._finished += 1
                self._print(finished_line(event.record, self._finished, self._total))
            case Message():
                self._print(event.text)

    def _progress(self, event: NodeProgress) -> None:
        part, now = [event.fields.get(key, "") for key in ("trial", "epoch", "Flink")], time.monotonic()
        last = self._told.get(event.node)
        if last is None or last[1] != part or now - last[0] >= _EVERY:
            self._told[event.node] = now, part
            self._print(f"{event.node} {describe(event.fields)}")

    def _print(self, line: str) -> None:
        self._console.print(line, soft_wrap=True)


class Screen:
    """A listener that keeps the running nodes at the bottom of a terminal, above them what has finished."""

    def __init__(self, console: Console) -> None:
        self._started: dict[str, float] = {}
        self._progress: dict[str, str] = {}
        self._spinner = Spinner("dots")
        self._begin = time.monotonic()
        self._finished = 0
        self._total = 0
        self._live = Live(
            console=console,
            get_renderable=self._render,
            refresh_per_second=4,
            transient=True,
            # What others print belongs to the log.
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def close(self) -> None:
        """Take the live part off the screen."""
        self._live.stop()

    def __call__(self, event: Event) -> None:
        match event:
            case RunStarted():
                # Not before: the live display is a thread, and the runner forks its server before a run starts.
                self._live.start()
                self._begin = time.monotonic()
                self._finished, self._total = 0, len(event.nodes)
                self._print(f"run {event.run_id}, logs in {event.log_dir}")
            case NodeStarted():
                self._started[event.node] = time.monotonic()
            case NodeProgress():
                self._progress[event.node] = describe(event.fields)
            case NodeFinished():
                self._started.pop(event.record.id, None)
                self._finished += 1
                line = finished_line(event.record, self._finished, self._total)
                self._print(line, _STYLES.get(event.record.state, ""))
            case Message():
                self._print(event.text)

    def _render(self) -> Group:
        now = time.monotonic()
        running = Table.grid(padding=(0, 2))
        for node, since in list(self._started.items()):
            running.add_row(self._spinner, node, duration(now - since), self._progress.get(node, ""))
        total = Text(f"{self._finished} of {self._total} nodes, {duration(now - self._begin)}", style="dim")
        return Group(running, total)

    def _print(self, line: str, style: str = "") -> None:
        self._live.console.print(Text(line, style=style), soft_wrap=True)


def listener(console: Console, live: bool) -> tuple[Callable[[Event], None], Callable[[], None]]:
    """What to call for each event, and what to call when the run is over. `live` is heeded on a terminal only."""
    if live and console.is_terminal:
        screen = Screen(console)
        return screen, screen.close
    return Lines(console), lambda: None
