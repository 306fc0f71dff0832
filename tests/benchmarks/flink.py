"""The Beam steps on Flink clusters of this machine beside the DirectRunner, on the same rows.

`make benchmark WHAT=flink ARGS="--rows 300000 --taskmanagers 1 --taskmanagers 2"` writes results/flink.{json,md}. What
the JSON has of other sizes stays. All share this machine's cores, so it shows what a cluster costs, not what it gains.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import tempfile
import time
from collections.abc import Iterator, Sequence

from pipeline.flink import cluster as clusters
from pipeline.flink import packages
from pipeline.flink.cluster import POOL, Asked
from pipeline.flink.record import Cluster
from pipeline.runs import RunRecord
from tests.benchmarks import RESULTS
from tests.benchmarks.process_tree import measured
from tests.benchmarks.sides import millrace_command
from tests.benchmarks.taxi_data import write_rows

SIZES = (300_000, 3_000_000)
STEPS = ("ExampleGen", "StatisticsGen", "Transform", "Evaluator", "Predictions")
FEW_STEPS_OF_TRAINING = "trainer.batch_size=4000"
_SECONDS = 60
"""In which a worker that is not needed any more ends."""


@dataclasses.dataclass(frozen=True)
class Measured:
    """One run.

    Attributes:
        taskmanagers: 0 is the DirectRunner.
        load: how many processes wanted a processor in the minute before (see getloadavg(3)).
        seconds: of each Beam step.
        peaks: the most megabytes of each TaskManager, or of the greatest step without one.
        workers: the most megabytes of each Python worker, shared libraries included.
    """

    rows: int
    taskmanagers: int
    cores: int
    load: float
    seconds: dict[str, float]
    peaks: list[int]
    workers: list[int]


def main() -> None:
    """Parses the arguments, measures, writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, action="append", help=f"sizes to measure (default: {SIZES})")
    parser.add_argument("--taskmanagers", type=int, action="append", help="clusters to measure (default: 1 and 2)")
    parser.add_argument("--out", type=pathlib.Path, default=RESULTS)
    arguments = parser.parse_args()
    file = arguments.out / "flink.json"
    found = [Measured(**each) for each in json.loads(file.read_text())] if file.exists() else []
    for rows in arguments.rows or SIZES:
        for new in measure(rows, arguments.taskmanagers or (1, 2)):
            kept = [run for run in found if (run.rows, run.taskmanagers) != (new.rows, new.taskmanagers)]
            found = sorted([*kept, new], key=lambda run: (run.rows, run.taskmanagers))
            file.write_text(json.dumps([dataclasses.asdict(run) for run in found], indent=1) + "\n")
    (arguments.out / "flink.md").write_text(markdown(found))
    print(markdown(found))


def measure(rows: int, numbers: Sequence[int]) -> Iterator[Measured]:
    """A run on the DirectRunner, then one on a cluster of each number of TaskManagers."""
    with tempfile.TemporaryDirectory() as work:
        data = write_rows(pathlib.Path(work), rows)
        yield _run(data, rows, os.path.join(work, "direct"))
        for number in numbers:
            with brought(pathlib.Path(work, f"cluster-{number}"), number) as cluster:
                yield _run(data, rows, os.path.join(work, f"flink-{number}"), cluster)


@contextlib.contextmanager
def brought(folder: pathlib.Path, taskmanagers: int) -> Iterator[Cluster]:
    """A cluster, and its end."""
    try:
        yield clusters.up(folder, packages.fetched(print), Asked(taskmanagers, port=0, worker_port=0), print)
    finally:
        clusters.down(folder, print)


def _run(data: pathlib.Path, rows: int, out: str, cluster: Cluster | None = None) -> Measured:
    load, managers, workers = os.getloadavg()[0], [], []
    measured(millrace_command(data, out, [FEW_STEPS_OF_TRAINING, *(_fields(cluster) if cluster else ())]), out)
    (file,) = pathlib.Path(out, "runs").glob("*/run.json")
    nodes = [node for node in RunRecord.model_validate_json(file.read_text()).nodes if node.id in STEPS]
    if cluster:
        managers, workers = _peaks(cluster), _ended_workers(cluster)
    peaks = managers or [max((node.peak_memory or 0) >> 20 for node in nodes)]
    seconds = {node.id: round(node.seconds, 1) for node in nodes}
    cores = len(os.sched_getaffinity(0))
    print(f"{rows:,} rows, {len(managers)} TaskManagers: {seconds}, {peaks} MB, workers {workers} MB", flush=True)
    return Measured(rows, len(managers), cores, load, seconds, peaks, workers)


def _fields(cluster: Cluster) -> list[str]:
    slots = sum(member.name.startswith("taskmanager") for member in cluster.members)
    flink = {
        "master": cluster.master,
        "worker_address": cluster.workers,
        "jar": str(cluster.server),
        "parallelism": slots,
    }
    return ["beam.runner=flink", f"beam.flink={flink}"]


def _peaks(cluster: Cluster) -> list[int]:
    """The most megabytes that each TaskManager had resident."""
    pids = [member.pid for member in cluster.members if member.name.startswith("taskmanager")]
    texts = [pathlib.Path(f"/proc/{pid}/status").read_text() for pid in pids]
    return [int(found[1]) >> 10 for text in texts if (found := re.search(r"VmHWM:\s+(\d+) kB", text))]


def _ended_workers(cluster: Cluster) -> list[int]:
    """The most megabytes of each Python worker, once all have ended."""
    log, end = cluster.log(POOL), time.monotonic() + _SECONDS
    while True:
        text = log.read_text()
        ended = [int(number) for number in re.findall(r"has ended: (\d+) MB at most", text)]
        if len(ended) >= text.count(" begins") > 0:
            return ended
        if time.monotonic() > end:
            raise SystemExit(f"{log}: {text.count(' begins')} workers have begun, {len(ended)} have ended")
        time.sleep(1)


def markdown(runs: Sequence[Measured]) -> str:
    """The table."""
    lines = [
        f"### The Beam steps of a run, seconds by the clock, one run each on {runs[0].cores} cores that all share\n",
        f"| rows | where | {' | '.join(STEPS)} | most memory, MB |",
        f"|---:|---|{'---:|' * len(STEPS)}---|",
    ]
    for run in runs:
        where = f"Flink, TaskManagers: {run.taskmanagers}" if run.taskmanagers else "DirectRunner"
        memory = f"{', '.join(map(str, run.peaks))}"
        if run.workers:
            memory += f"; a worker {min(run.workers)} to {max(run.workers)}"
        cells = [f"{run.seconds[step]:.1f}" if step in run.seconds else "" for step in STEPS]
        lines.append(f"| {run.rows:,} | {where} (load {run.load:.1f}) | {' | '.join(cells)} | {memory} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
