"""Packing and ingesting images against stock TFX's ImportExampleGen on the same TFRecord files, in turn.

`python -m tests.benchmarks.packing [--repetitions 3]` writes results/packing.{md,json}: medians, and ratios stock /
Millrace taken pair by pair. Stock copies records into splits; Millrace also decodes every image, refuses bad ones and
measures the rest. Packing, which stock has nothing for, starts from image files and is held against the same copy.
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

from tests.benchmarks import HERE, RESULTS
from tests.benchmarks.comparing import spread, written
from tests.benchmarks.process_tree import measured
from tests.components.images.pictures import encoded, photo

DISTINCT = 100
"""Pictures; each is used many times, under names of their own."""
KINDS = {"PNG 32x32": ("PNG", 32, 8_000), "JPEG 224x224": ("JPEG", 224, 2_500)}
"""Format, side, images."""
CLASSES = 10


def main() -> None:
    """Parses the arguments, measures, writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--out", type=pathlib.Path, default=RESULTS)
    parser.add_argument("--images", type=int, help="of each kind, instead of the usual numbers")
    arguments = parser.parse_args()
    tables = [measure(name, arguments.repetitions, arguments.images) for name in KINDS]
    text = "\n".join(markdown(table) for table in tables)
    (arguments.out / "packing.json").write_text(json.dumps(tables, indent=2) + "\n")
    (arguments.out / "packing.md").write_text(text)
    print(text)


def measure(kind: str, repetitions: int, images: int | None) -> dict[str, Any]:
    """Alternates stock and Millrace on images of one kind; what was measured -> seconds and ratios."""
    form, side, usual = KINDS[kind]
    count = images or usual
    pairs = []
    with tempfile.TemporaryDirectory() as work:
        write_files(pathlib.Path(work, "files"), form, side, count)
        for turn in range(repetitions):
            folder = pathlib.Path(work, str(turn))
            packing = run_pack(f"{work}/files", folder)
            pairs.append({"stock": run_stock(folder), "ingesting": run_millrace(folder), "packing": packing})
            print(kind, pairs[-1], flush=True)
    nodes = {name: compare(pairs, name) for name in ("ingesting", "packing")}
    return {"kind": kind, "images": count, "cores": os.cpu_count(), "pairs": len(pairs), "nodes": nodes}


def compare(pairs: Sequence[dict[str, float]], name: str) -> dict[str, float]:
    """Medians of stock and of what Millrace did, and the ratios stock / Millrace."""
    return {
        "stock": statistics.median(pair["stock"] for pair in pairs),
        "millrace": statistics.median(pair[name] for pair in pairs),
        **spread("ratio", [pair["stock"] / pair[name] for pair in pairs]),
    }


def write_files(folder: pathlib.Path, form: str, side: int, count: int) -> None:
    """Image files in class folders."""
    pictures = [encoded(photo(side, side, seed), form) for seed in range(DISTINCT)]
    for number in range(count):
        path = folder / str(number % CLASSES) / f"{number}.{form.lower()}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pictures[number % DISTINCT])


def run_pack(files: str, folder: pathlib.Path) -> float:
    """Packs into `folder`/packed; seconds, without those that the imports take."""
    return _timed_inside(["pack", files], folder)


def run_stock(folder: pathlib.Path) -> float:
    """ImportExampleGen by LocalDagRunner: the node's seconds."""
    return _timed_inside(["stock"], folder)


def run_millrace(folder: pathlib.Path) -> float:
    """`millrace run --to ExampleGen`: the node's seconds."""
    config = HERE / "image_ingestion.py"
    root = folder / "millrace"
    path = f"data.path={folder}/packed/all/*.gz"
    command = [sys.executable, "-m", "pipeline.cli.main", "run", str(config), "--root", str(root), "--set", path]
    measured([*command, "--to", "ExampleGen"], str(root))
    (record,) = (root / "runs").glob("*/run.json")
    [node] = [each for each in json.loads(record.read_text())["nodes"] if each["id"] == "ExampleGen"]
    return float(node["seconds"])


def _timed_inside(arguments: list[str], folder: pathlib.Path) -> float:
    out = folder / arguments[0]
    measured([sys.executable, "-m", "tests.benchmarks.stock_images", str(folder), *arguments], str(out))
    return float((out / "seconds").read_text())


def markdown(table: dict[str, Any]) -> str:
    """One kind's table."""
    lines = [
        f"### {table['images']:,} images, {table['kind']}, {table['cores']} cores, pairs: {table['pairs']}\n",
        "| what | stock TFX | Millrace | stock / Millrace (least to greatest) |",
        "|---|---|---|---|",
    ]
    for name, row in table["nodes"].items():
        lines.append(f"| {name} | {row['stock']:.1f} | {row['millrace']:.1f} | {written(row, 'ratio')} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
