"""A second run of the same, in which nothing is left to do, against a bare import of TFX's components, in turn.

`make benchmark WHAT=cached ARGS="--pairs 5"` runs taxi, whose window has three spans, and writes results/cached.md
and cached.json.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from pipeline.runs import list_runs
from tests.benchmarks import RESULTS
from tests.benchmarks.comparing import spread, written
from tests.benchmarks.process_tree import Usage, measured

IMPORT = [sys.executable, "-c", "import tfx.components"]


def main() -> None:
    """Parses the arguments, measures, writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--out", type=pathlib.Path, default=RESULTS)
    arguments = parser.parse_args()
    found = measure(arguments.pairs)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "cached.json").write_text(json.dumps(found, indent=2) + "\n")
    (arguments.out / "cached.md").write_text(markdown(found))
    print(markdown(found))


def measure(pairs: int) -> dict[str, Any]:
    """One run that does all, then so many that find all done, each beside an import."""
    with tempfile.TemporaryDirectory() as work:
        root = os.path.join(work, "root")
        again = [sys.executable, "-m", "pipeline.cli.main", "run", "taxi", "--root", root]
        measured(again, root)
        measured(IMPORT, work)  # so that the first of a pair reads no file that the system has not
        found = []
        for number in range(pairs):
            first = measured(again if number % 2 else IMPORT, root)
            second = measured(IMPORT if number % 2 else again, root)
            found.append((second, first) if number % 2 else (first, second))
        check_cached(root)
    return {"cores": len(os.sched_getaffinity(0)), "pairs": pairs, **compared(found)}


def check_cached(root: str) -> None:
    """Refuses to compare a run that has done something.

    Raises:
        SystemExit: a node of a later run was executed, though the first had executed it.
    """
    for record in [record for record in list_runs(root) if not record.parent][1:]:
        ran = [
            node.id
            for node in record.nodes
            if node.state == "complete" and node.reason != "looks at the store in every run"
        ]
        if ran or record.state != "complete":
            raise SystemExit(f"run {record.id} is {record.state}, and executed {ran}")


def compared(pairs: Sequence[tuple[Usage, Usage]]) -> dict[str, Any]:
    """Of pairs (import, cached run): medians, and the ratios cached run / import."""
    found: dict[str, Any] = {}
    for name in ("seconds", "processor"):
        bare, run = ([getattr(side, name) for side in sides] for sides in zip(*pairs, strict=True))
        found[name] = {
            "import": statistics.median(bare),
            "cached run": statistics.median(run),
            **spread("ratio", [mine / theirs for theirs, mine in zip(bare, run, strict=True)]),
        }
    return found


def markdown(found: dict[str, Any]) -> str:
    """The table."""
    lines = [
        f"### A cached run of taxi, {found['cores']} cores, pairs: {found['pairs']}\n",
        "| | import tfx.components, s | cached run, s | run / import (least to greatest) |",
        "|---|---:|---:|---:|",
    ]
    for name, title in (("seconds", "by the clock"), ("processor", "of processor time")):
        row = found[name]
        lines.append(f"| {title} | {row['import']:.1f} | {row['cached run']:.1f} | {written(row, 'ratio')} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
