"""Makes data/taxi/ from the Chicago taxi trips that ship in the tfx wheel.

    .venv/bin/python data/make_taxi.py [FOLDER]

Every trip goes to one span, by the year it started in. A row keeps its cells byte for byte and its
place among the rows of its span. The same input gives the same files, to the byte.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import pathlib
from collections.abc import Iterable
from datetime import datetime, timezone

SOURCE = "examples/chicago_taxi_pipeline/data/simple/data.csv"
SPAN_OF_YEAR = {2013: 1, 2014: 2, 2015: 3, 2016: 3}
"""2016 has 833 trips, too few for a span of its own."""
SERVING_FROM = datetime(2016, 10, 1, tzinfo=timezone.utc)
"""The serving side gets the last quarter of the newest span."""
LABEL = "tips"
TIME = "trip_start_timestamp"

Row = list[bytes]


def main() -> None:
    """Writes data/taxi/, or the folder that is given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=pathlib.Path(__file__).parent / "taxi")
    make(parser.parse_args().folder)


def make(folder: pathlib.Path) -> None:
    """Writes csv/span-N/trips.csv, csv-gz/span-N/trips.csv.gz and serving/trips.csv under `folder`."""
    header, *rows = read(tfx_folder() / SOURCE)
    time = header.index(TIME.encode())
    spans: dict[int, list[Row]] = {}
    for row in rows:
        spans.setdefault(SPAN_OF_YEAR[started(row[time]).year], []).append(row)
    for span, trips in spans.items():
        text = csv([header, *trips])
        write(folder / f"csv/span-{span}/trips.csv", text)
        # Without a time and a name in its header a gzip file depends on nothing but its content.
        write(folder / f"csv-gz/span-{span}/trips.csv.gz", gzip.compress(text, mtime=0))
    newest = [row for row in spans[max(spans)] if started(row[time]) >= SERVING_FROM]
    write(folder / "serving/trips.csv", csv(without(header.index(LABEL.encode()), [header, *newest])))


def tfx_folder() -> pathlib.Path:
    """The installed tfx package's folder, found without importing it (that takes 20 s)."""
    spec = importlib.util.find_spec("tfx")
    if spec is None or spec.origin is None:
        raise SystemExit("make_taxi: this Python has no tfx; use .venv/bin/python, which `make run` sets up")
    return pathlib.Path(spec.origin).parent


def read(path: pathlib.Path) -> list[Row]:
    """The cells of every line, header first. The file quotes nothing, so that a comma always ends a cell."""
    text = path.read_bytes()
    rows = [line.split(b",") for line in text.splitlines()]
    ragged = next((number for number, row in enumerate(rows, start=1) if len(row) != len(rows[0])), None)
    if b'"' in text or ragged is not None:
        where = f"line {ragged}" if ragged else "a quote"
        raise SystemExit(f"make_taxi: {path} is not the plain CSV that this script was written for ({where})")
    return rows


def started(cell: bytes) -> datetime:
    """When a trip started. The portal's local wall-clock time is stored as if it were UTC."""
    return datetime.fromtimestamp(int(cell), tz=timezone.utc)


def without(column: int, rows: Iterable[Row]) -> list[Row]:
    """The rows without one column."""
    return [row[:column] + row[column + 1 :] for row in rows]


def csv(rows: Iterable[Row]) -> bytes:
    """The rows as the text of a CSV file."""
    return b"".join(b",".join(row) + b"\n" for row in rows)


def write(path: pathlib.Path, content: bytes) -> None:
    """Writes a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    main()
