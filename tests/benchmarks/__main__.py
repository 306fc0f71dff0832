"""Millrace against stock TFX and a script by hand, on the same rows: whole runs in turn, and every node of them.

`python -m tests.benchmarks [--rows 15000 --rows 300000] [--side stock --side one-by-one] [--repetitions 3]` writes
results/pipeline.{json,md,png}. What the JSON has of other sizes and sides stays; `--repetitions 0` measures nothing
and makes table and plot of it anew.
"""

from __future__ import annotations

import argparse
import pathlib

from tests.benchmarks import RESULTS, measured_runs, plot, tables
from tests.benchmarks.sides import SIDES
from tests.benchmarks.turns import measure

SIZES = (15_000, 300_000, 3_000_000)


def main() -> None:
    """Parses the arguments, measures, writes table and plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, action="append", help=f"sizes to measure (default: {SIZES})")
    parser.add_argument("--side", action="append", choices=SIDES, help="what to measure (default: all)")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--out", type=pathlib.Path, default=RESULTS)
    arguments = parser.parse_args()
    file = arguments.out / "pipeline.json"
    runs = measured_runs.load(file)
    for rows in arguments.rows or SIZES:
        for run in measure(arguments.side or list(SIDES), rows, arguments.repetitions):
            print(f"{rows:,} rows, {run.side}: {run.whole['seconds']:.1f} s", flush=True)
            runs = measured_runs.replaced(runs, run)
            measured_runs.save(file, runs)
    text = tables.markdown(runs)
    (arguments.out / "pipeline.md").write_text(text)
    plot.draw(runs, arguments.out / "pipeline.png")
    print(text)


if __name__ == "__main__":
    main()
