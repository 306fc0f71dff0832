"""Clocks and memory, of processes that are known to take so much."""

import json
import sys

import pytest

from pipeline.runs import Home, NodeRecord, RunRecord
from tests.benchmarks.laps import FILE, Laps
from tests.benchmarks.process_tree import measured
from tests.benchmarks.sides import parts_of

BUSY = "import time\nwhile time.process_time() < 0.3: pass\n"
LARGE = "import time\nblock = bytearray(200_000_000)\ntime.sleep(1.2)"
NESTED = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY + LARGE!r}])\n{BUSY}"


def test_a_process_counts_with_those_it_started(tmp_path):
    usage = measured([sys.executable, "-c", NESTED], str(tmp_path))
    assert usage.seconds > 1.5
    assert 0.6 <= usage.processor < 3
    assert 190 < usage.megabytes < 400


def test_a_command_that_fails_ends_the_benchmark_with_its_log(tmp_path):
    with pytest.raises(SystemExit, match="ended with 3:\nwhat was wrong"):
        measured([sys.executable, "-c", "import sys; print('what was wrong'); sys.exit(3)"], str(tmp_path))


def test_each_lap_has_a_peak_of_its_own(tmp_path):
    laps = Laps()
    with laps.lap("large"):
        block = bytearray(200_000_000)
        del block
    with laps.lap("small"):
        pass
    laps.write(str(tmp_path))
    taken = json.loads((tmp_path / FILE).read_text())
    assert taken["large"]["megabytes"] - taken["small"]["megabytes"] > 150
    assert taken["large"]["seconds"] > taken["small"]["seconds"] >= 0


def test_nodes_that_ran_are_parts_of_a_run():
    nodes = (
        NodeRecord(
            id="Trainer", state="complete", seconds=3, peak_memory=1 << 20, processor_seconds=2.5, home=Home(run="r")
        ),
        NodeRecord(id="Baseline", state="complete", seconds=0.1, home=Home(run="r")),
        NodeRecord(id="Pusher", state="skipped", home=Home(run="r")),
    )
    record = RunRecord(id="r", pipeline="p", started="2026-01-01T00:00:00Z", config_json="{}", nodes=nodes)
    assert parts_of(record) == {
        "Trainer": {"seconds": 3, "processor": 2.5, "megabytes": 1},
        "Baseline": {"seconds": 0.1},
    }
