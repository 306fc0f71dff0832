"""One measurement in a process of its own: `python -m tests.benchmarks.drift_cases CASE PATHS...` prints it as JSON."""

from __future__ import annotations

import importlib
import json
import pathlib
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

FILES = ("drift.html", "drift.json", "junit.xml", "drift.png")


def in_child(case: str, *paths: str) -> dict[str, Any]:
    """The measurement: seconds by the clock and of processor time, and megabytes before and at most."""
    command = [sys.executable, "-m", "tests.benchmarks.drift_cases", case, *paths]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def report(baseline: str, current: str, out: str) -> dict[str, Any]:
    """From two files of statistics to the report's files; how much of it is comparing."""
    from components.drift import files
    from pipeline.drift import sides
    from pipeline.statistics.sources import Reading

    start = time.process_time()
    found = sides.compare(baseline, current, Reading(), sides.Wanted(None, "drift")).report
    comparing = time.process_time() - start
    files.write(found, out)
    sizes = {name: round(pathlib.Path(out, name).stat().st_size / 1000) for name in FILES}
    return {"comparing": round(comparing, 2), "kilobytes": sizes}


def stock_report(baseline: str, current: str) -> dict[str, Any]:
    """What TFDV has for it: a schema with a comparator for each feature, and what exceeds them, as a message."""
    import tensorflow_data_validation as tfdv

    before, after = tfdv.load_stats_binary(baseline), tfdv.load_stats_binary(current)
    schema = tfdv.infer_schema(before)
    for feature in schema.feature:
        if feature.type == 1:
            feature.drift_comparator.infinity_norm.threshold = 0.05
        else:
            feature.drift_comparator.jensen_shannon_divergence.threshold = 0.05
    tfdv.validate_statistics(after, schema, previous_statistics=before)
    return {}


def statistics(path: str) -> dict[str, Any]:
    """Of a CSV file, as `millrace stats` and `millrace drift` make them."""
    from pipeline.statistics import sources

    sources.statistics(path, sources.Reading())
    return {}


def stock_statistics(path: str) -> dict[str, Any]:
    """TFDV's."""
    import tensorflow_data_validation as tfdv

    tfdv.generate_statistics_from_csv(path)
    return {}


CASES: dict[str, Callable[..., dict[str, Any]]] = {
    "report": report,
    "stock_report": stock_report,
    "statistics": statistics,
    "stock_statistics": stock_statistics,
}


def _peak() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main(case: str, *paths: str) -> None:
    """Measures one case. What everybody imports is not in it."""
    for module in ("components.drift.files", "pipeline.drift.sides"):
        importlib.import_module(module)
    before, clock, processor = _peak(), time.monotonic(), time.process_time()
    found = CASES[case](*paths)
    seconds = {"seconds": round(time.monotonic() - clock, 2), "processor": round(time.process_time() - processor, 2)}
    print(json.dumps({**seconds, "megabytes_before": before, "megabytes_most": _peak(), **found}))


if __name__ == "__main__":
    main(*sys.argv[1:])
