"""Drift reports by how many features there are, and by how many rows the statistics are of.

`python -m tests.benchmarks.drift` writes results/drift_reports.{md,json}: seconds from two files of statistics to the
report's files, their sizes, and how much the memory of a process of its own grew meanwhile. The columns are ten of each
size, five numbers and five categories, half of which have drifted; more features are the same ten by other names.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any

from tests.benchmarks.__main__ import HERE

FEATURES = (10, 100, 1_000)
ROWS = (10_000, 100_000, 1_000_000)
BATCH = 10_000
FILES = ("drift.html", "drift.json", "junit.xml", "drift.png")


def main() -> None:
    """Parses the arguments, measures, writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "results")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--case", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        print(json.dumps(case(*arguments.case)))
        return
    cases = measure(arguments.repetitions)
    text = markdown(cases)
    (arguments.out / "drift_reports.json").write_text(json.dumps(cases, indent=2) + "\n")
    (arguments.out / "drift_reports.md").write_text(text)
    print(text)


def measure(repetitions: int) -> list[dict[str, Any]]:
    """Each case in processes of its own; the quickest counts."""
    found = []
    with tempfile.TemporaryDirectory() as work:
        for rows in ROWS:
            columns = [of_columns(rows, side) for side in (0, 1)]
            for features in FEATURES:
                paths = [f"{work}/{side}.pb" for side in (0, 1)]
                for path, side in zip(paths, columns, strict=True):
                    pathlib.Path(path).write_bytes(with_features(side, features))
                runs = [in_child(*paths, f"{work}/out") for _ in range(repetitions)]
                best = min(runs, key=lambda each: float(each["seconds"]))
                found.append({"features": features, "rows": rows, **best})
                print(found[-1], flush=True)
    return found


def of_columns(rows: int, side: int) -> Any:
    """Statistics of ten columns; on side 1 every other one has moved."""
    import numpy as np
    import pyarrow as pa
    import tensorflow_data_validation as tfdv

    from components.statistics import direct

    rng = np.random.default_rng(side)

    def batch(size: int) -> pa.RecordBatch:
        numbers = [rng.gamma(1 + place, 1 + 0.3 * side * (place % 2), size) for place in range(5)]
        texts = [rng.zipf(1.2 + 0.2 * place + 0.2 * side * (place % 2), size) % 500 for place in range(5)]
        columns = [*(each.astype(np.float32) for each in numbers), *(each.astype(str).astype("S") for each in texts)]
        ends = pa.array(np.arange(size + 1, dtype=np.int32))
        lists = [pa.ListArray.from_arrays(ends, pa.array(each)) for each in columns]
        return pa.RecordBatch.from_arrays(lists, [f"column_{place}" for place in range(10)])

    options = tfdv.StatsOptions(num_quantiles_histogram_buckets=100)
    return direct.statistics((batch(BATCH) for _ in range(rows // BATCH)), options)


def with_features(found: Any, count: int) -> bytes:
    """The statistics with as many features, serialized."""
    ten = list(found.datasets[0].features)
    more = type(found)()
    more.CopyFrom(found)
    del more.datasets[0].features[:]
    for place in range(count):
        feature = more.datasets[0].features.add()
        feature.CopyFrom(ten[place % 10])
        feature.path.step[:] = [f"{ten[place % 10].path.step[0]}_{place // 10}"]
    return bytes(more.SerializeToString())


def in_child(*arguments: str) -> dict[str, Any]:
    """`case` in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.drift", "--case", *arguments]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def case(baseline: str, current: str, out: str) -> dict[str, Any]:
    """One report from two files of statistics."""
    from components.drift import files
    from pipeline.drift import sides
    from pipeline.statistics.sources import Reading

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.monotonic()
    report = sides.compare(baseline, current, Reading(), sides.Wanted(None, "drift")).report
    compared = time.monotonic()
    files.write(report, out)
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "seconds": round(seconds, 2),
        "seconds_comparing": round(compared - start, 2),
        "megabytes_memory": round((after - before) / 1024, 1),
        "kilobytes": {name: round(pathlib.Path(out, name).stat().st_size / 1000) for name in FILES},
    }


def markdown(cases: list[dict[str, Any]]) -> str:
    """The table."""
    lines = [
        "| features | rows | seconds | of which comparing | memory, MB | drift.html, kB | drift.json, kB |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for each in cases:
        size = each["kilobytes"]
        lines.append(
            f"| {each['features']:,} | {each['rows']:,} | {each['seconds']} | {each['seconds_comparing']} | "
            f"{each['megabytes_memory']} | {size['drift.html']:,} | {size['drift.json']:,} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
