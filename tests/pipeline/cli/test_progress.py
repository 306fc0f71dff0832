"""Progress: whole plain lines for a log, a live table on a terminal."""

import io
import sys

from rich.console import Console

from pipeline.cli.console import duration
from pipeline.cli.progress import Lines, Screen, describe, listener
from pipeline.runners.events import Message, NodeFinished, NodeProgress, NodeStarted, RunStarted
from pipeline.runs import Home, NodeRecord

HOME = Home(run="r1")
EVENTS = (
    RunStarted("r1", ("ExampleGen", "Trainer"), "/data/runs/r1/logs"),
    NodeFinished(NodeRecord(id="ExampleGen", state="cached", seconds=0.2, reason="as in run r0", home=HOME)),
    NodeStarted("Trainer"),
    NodeProgress("Trainer", {"epoch": 1, "epochs": 2, "step": 10, "steps": 150, "loss": 0.51234}),
    NodeProgress("Trainer", {"epoch": 1, "epochs": 2, "step": 20, "steps": 150, "loss": 0.5}),
    NodeProgress("Trainer", {"epoch": 2, "epochs": 2, "step": 10, "steps": 150, "loss": 0.4}),
    Message("something to know [here]"),
    NodeFinished(NodeRecord(id="Trainer", state="complete", seconds=75.0, reason="its settings changed", home=HOME)),
)


def test_lines_tell_each_event_once_and_each_epoch_once():
    out = io.StringIO()
    lines = Lines(Console(file=out, markup=False, width=1000))
    for event in EVENTS:
        lines(event)
    assert out.getvalue().splitlines() == [
        "run r1, logs in /data/runs/r1/logs",
        "[1/2] ExampleGen           cached       0.2s  as in run r0",
        "Trainer started",
        "Trainer epoch 1/2  step 10/150  loss 0.5123",
        "Trainer epoch 2/2  step 10/150  loss 0.4",
        "something to know [here]",
        "[2/2] Trainer              complete   1m 15s",
    ]


def test_a_container_knows_no_other_nodes_and_counts_none():
    out = io.StringIO()
    Lines(Console(file=out, markup=False, width=1000))(EVENTS[-1])
    assert out.getvalue() == "Trainer              complete   1m 15s\n"


def test_lines_tell_each_trial_of_a_search():
    out = io.StringIO()
    lines = Lines(Console(file=out, markup=False, width=1000))
    for trial in (1, 1, 2):
        lines(NodeProgress("Tuner", {"trial": trial, "trials": 9, "epoch": 1, "epochs": 1}))
    assert out.getvalue().splitlines() == ["Tuner trial 1/9  epoch 1/1", "Tuner trial 2/9  epoch 1/1"]


def test_the_screen_shows_running_nodes_and_keeps_what_has_finished():
    out, stdout = io.StringIO(), sys.stdout
    screen = Screen(Console(file=out, force_terminal=True, markup=False, width=120))
    for event in EVENTS[:-1]:
        screen(event)
    with (capture := Console(file=io.StringIO(), width=120)).capture() as drawn:
        capture.print(screen._render())
    assert "Trainer" in drawn.get()
    assert "epoch 2/2  step 10/150  loss 0.4" in drawn.get()
    assert "1 of 2 nodes" in drawn.get()
    assert sys.stdout is stdout, "what others print does not belong on the screen"
    screen(EVENTS[-1])
    screen.close()
    assert "[2/2] Trainer              complete   1m 15s" in out.getvalue()


def test_only_a_terminal_gets_the_live_screen():
    plain = Console(file=io.StringIO())
    terminal = Console(file=io.StringIO(), force_terminal=True)
    assert isinstance(listener(plain, live=True)[0], Lines)
    assert isinstance(listener(terminal, live=False)[0], Lines)
    assert isinstance(listener(terminal, live=True)[0], Screen)


def test_describe_joins_counts_with_their_totals():
    assert describe({"rows": 5000, "of": "a.csv"}) == "rows 5000  of a.csv"


def test_durations():
    assert [duration(s) for s in (0.04, 59.94, 61, 3600 * 2 + 61)] == ["0.0s", "59.9s", "1m 01s", "2h 01m"]
