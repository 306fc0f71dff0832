"""Millrace against stock TFX on the same rows: whole runs in turn, and every node of them.

`python -m tests.benchmarks [--rows 15000 --rows 300000] [--repetitions 3]` writes results/pipeline.{md,json}:
medians, and ratios stock / Millrace taken pair by pair, so that a machine whose speed drifts from minute to
minute still gives a ratio that holds.
"""

from __future__ import annotations

import argparse
import csv
import importlib.resources
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

import psutil

HERE = pathlib.Path(__file__).parent
CHECKOUT = HERE.parents[1]
BATCH = 40
TRAIN_SHARE = 2 / 3
# The nodes that both sides have; what only Millrace has (gate, report, predictions) counts in the whole run.
COMPARED = (
    "ExampleGen",
    "StatisticsGen",
    "SchemaGen",
    "ExampleValidator",
    "Transform",
    "Trainer",
    "Evaluator",
    "Pusher",
)
STOCK_NAMES = {"ExampleGen": "CsvExampleGen"}


def main() -> None:
    """Parses the arguments, measures, writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, action="append", help="sizes to measure (default: 15000 and 300000)")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "results")
    arguments = parser.parse_args()
    tables = [measure(rows, arguments.repetitions) for rows in arguments.rows or (15_000, 300_000)]
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "pipeline.json").write_text(json.dumps(tables, indent=2) + "\n")
    (arguments.out / "pipeline.md").write_text("\n".join(markdown(table) for table in tables))
    print("\n".join(markdown(table) for table in tables))


def measure(rows: int, repetitions: int) -> dict[str, Any]:
    """Alternates stock and Millrace on `rows` taxi rows; node -> seconds and ratios, plus peak memory in MB."""
    pairs = []
    for _ in range(repetitions):
        with tempfile.TemporaryDirectory() as work:
            data = write_rows(pathlib.Path(work), rows)
            pairs.append((run_stock(data, work), run_millrace(data, work)))
            print(
                f"{rows} rows: stock {pairs[-1][0]['whole run']:.1f} s, millrace {pairs[-1][1]['whole run']:.1f} s",
                flush=True,
            )
    names = ("whole run", "peak memory (MB)", *COMPARED)
    nodes = {name: compare(name, pairs) for name in names}
    return {"rows": rows, "cores": os.cpu_count(), "pairs": len(pairs), "nodes": nodes}


def compare(name: str, pairs: list[tuple[dict[str, float], dict[str, float]]]) -> dict[str, float]:
    """Medians of both sides, and median, least and greatest of the ratios stock / Millrace."""
    ratios = [stock[name] / mine[name] for stock, mine in pairs]
    return {
        "stock": statistics.median(stock[name] for stock, _ in pairs),
        "millrace": statistics.median(mine[name] for _, mine in pairs),
        "ratio": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
    }


def write_rows(work: pathlib.Path, rows: int) -> pathlib.Path:
    """The taxi CSV of the tfx wheel, repeated to `rows` rows; the folder that holds it."""
    source = importlib.resources.files("tfx") / "examples/chicago_taxi_pipeline/data/simple/data.csv"
    with source.open(newline="") as file:
        header, *lines = list(csv.reader(file))
    folder = work / "data"
    folder.mkdir()
    with (folder / "data.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines[number % len(lines)] for number in range(rows))
    return folder


def run_stock(data: pathlib.Path, work: str) -> dict[str, float]:
    """One run of `tests.benchmarks.stock`."""
    rows = sum(1 for _ in (data / "data.csv").open()) - 1
    steps = max(1, int(rows * TRAIN_SHARE / BATCH))
    out = os.path.join(work, "stock")
    whole = timed([sys.executable, "-m", "tests.benchmarks.stock", str(data), out, str(steps)], out)
    seconds = json.loads(pathlib.Path(out, "seconds.json").read_text())
    return whole | {name: seconds[STOCK_NAMES.get(name, name)] for name in COMPARED}


def run_millrace(data: pathlib.Path, work: str) -> dict[str, float]:
    """One run of the same work through `millrace run`."""
    out = os.path.join(work, "millrace")
    command = [
        sys.executable, "-m", "pipeline.cli.main", "run", str(HERE / "taxi_template.py"),
        "--root", out, "--set", f"data.path={data}/data.csv",
    ]  # fmt: skip
    whole = timed(command, out)
    (record,) = pathlib.Path(out, "runs").glob("*/run.json")
    seconds = {node["id"]: node["seconds"] for node in json.loads(record.read_text())["nodes"]}
    return whole | {name: seconds[name] for name in COMPARED}


def timed(command: list[str], out: str) -> dict[str, float]:
    """Wall seconds of the command and peak memory (MB, summed over its process tree). Raises when it fails."""
    os.makedirs(out, exist_ok=True)
    start = time.monotonic()
    with open(os.path.join(out, "log.txt"), "w") as log:
        process = subprocess.Popen(command, cwd=CHECKOUT, stdout=log, stderr=subprocess.STDOUT)
        peak = Peak(process.pid)
        code = process.wait()
        peak.stop()
    if code:
        raise SystemExit(f"{' '.join(command)} ended with {code}:\n{pathlib.Path(out, 'log.txt').read_text()[-3000:]}")
    return {"whole run": time.monotonic() - start, "peak memory (MB)": peak.megabytes}


class Peak(threading.Thread):
    """Watches the memory of a process and all below it, twice a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.megabytes = 0.0
        self._root = psutil.Process(pid)
        self._done = threading.Event()
        self.start()

    def run(self) -> None:
        """Samples until stopped."""
        while not self._done.wait(0.5):
            self.megabytes = max(self.megabytes, self._sample() / 1024)

    def stop(self) -> None:
        """Ends the watching."""
        self._done.set()
        self.join()

    def _sample(self) -> int:
        """Proportional set size in kB: what processes share after a fork counts once."""
        try:
            pids = [self._root.pid, *(child.pid for child in self._root.children(recursive=True))]
        except psutil.NoSuchProcess:
            return 0
        return sum(map(_proportional_kilobytes, pids))


def _proportional_kilobytes(pid: int) -> int:
    try:
        lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended meanwhile
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def markdown(table: dict[str, Any]) -> str:
    """One size's table."""
    head = f"### {table['rows']:,} rows, {table['cores']} cores, pairs: {table['pairs']}\n"
    return "\n".join([head, *markdown_rows(table["nodes"])]) + "\n"


def markdown_rows(compared: dict[str, dict[str, float]]) -> list[str]:
    """A table of what `compare` found, by name."""
    lines = ["| what | stock TFX | Millrace | stock / Millrace (least to greatest) |", "|---|---|---|---|"]
    for name, row in compared.items():
        lines.append(
            f"| {name} | {row['stock']:.1f} | {row['millrace']:.1f} | "
            f"{row['ratio']:.2f} ({row['ratio_min']:.2f} to {row['ratio_max']:.2f}) |"
        )
    return lines


if __name__ == "__main__":
    main()
